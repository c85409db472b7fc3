"""Profiles of AWS's files, and clocks that differ: judged by botocore."""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import subprocess
import sys
import threading
import unittest
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from cloud_case import CloudCase, signed
from scripted_clouds import REGION, SIGN_ON, SIGN_ON_TOKENS, SOURCE_KEYS
from scripted_server import ScriptedServer


# What botocore finds for a profile, in a process of its own: it looks for HOME when it is imported.
BOTOCORE = """
import json, sys
import botocore.session
found = {}
for name in sys.argv[1:]:
    session = botocore.session.Session(profile=name)
    try:
        keys = session.get_credentials().get_frozen_credentials()
        found[name] = [keys.access_key, keys.secret_key, keys.token, session.get_config_variable("region")]
    except Exception as error:
        found[name] = f"{type(error).__name__}: {error}"
print(json.dumps(found))
"""

CREDENTIALS_FILE = f"""
[my prof]
aws_access_key_id = AKIDQUOTED
aws_secret_access_key = quoted
[both]
aws_access_key_id = AKIDBOTH
aws_secret_access_key = both
region = ap-south-1
[split]
source_profile = base
[base]
aws_access_key_id = {SOURCE_KEYS[0]}
aws_secret_access_key = {SOURCE_KEYS[1]}
[stored]
aws_access_key_id = AKIDSTORED
aws_secret_access_key = stored
[signed]
aws_access_key_id = AKIDOLD
aws_secret_access_key = old
[moved]
credential_process = PROGRAM moved
region = eu-west-1
"""

CONFIG_FILE = """
[profile "my prof"]
region = eu-west-2
[profile both]
region = eu-west-3
aws_access_key_id = AKIDCONFIG
aws_secret_access_key = config
[profile split]
role_arn = arn:aws:iam::1:role/r
external_id = ext 1
role_session_name = martlet
region = REGION
[profile stored]
credential_process = PROGRAM stored
region = eu-west-1
[profile program]
credential_process = PROGRAM "a  b" 'c"d' e\\ f
aws_access_key_id = AKIDCONFIG
aws_secret_access_key = config
region = eu-west-1
[profile configured]
aws_access_key_id = AKIDCONFIG
aws_secret_access_key = config
region = eu-west-1
[sso-session "my corp"]
sso_region = eu-west-1
sso_start_url = https://corp.example.com/start
[profile signed]
sso_session = my corp
sso_account_id = 123
sso_role_name = dev
region = eu-west-1
[profile legacy]
sso_region = eu-west-1
sso_start_url = https://legacy.example.com/start
sso_account_id = 456
sso_role_name = ops
region = eu-west-1
[profile looped]
role_arn = arn:aws:iam::1:role/r
source_profile = looped
external_id = ext 1
role_session_name = martlet
region = REGION
aws_access_key_id = SOURCE
aws_secret_access_key = SECRET
"""

PROGRAM = """#!/bin/sh
printf '{"Version":1,"AccessKeyId":"AKIDPROGRAM","SecretAccessKey":"%s"}' "$(printf '%s|' "$@" | od -An -tx1 | tr -d ' \\n')"
"""


class Profiles(CloudCase):
    def setUp(self) -> None:
        super().setUp()
        program = self.folder / "program"
        program.write_text(PROGRAM)
        program.chmod(0o755)
        names = {"PROGRAM": str(program), "REGION": REGION, "SOURCE": SOURCE_KEYS[0], "SECRET": SOURCE_KEYS[1]}
        cache = self.folder / ".aws/sso/cache"
        cache.mkdir(parents=True)
        for name, text in (("credentials", CREDENTIALS_FILE), ("config", CONFIG_FILE)):
            for word, value in names.items():
                text = text.replace(f" {word}", f" {value}")
            (self.folder / ".aws" / name).write_text(text)
        self.env = {
            "HOME": str(self.folder),
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ENDPOINT_URL": self.clouds.url,
            "PATH": os.environ["PATH"],
        }

    def token(self, name: str, life_s: int) -> Path:
        """What `aws sso login` leaves."""
        now = datetime.datetime.now(datetime.timezone.utc)
        times = {"expiresAt": life_s, "registrationExpiresAt": 86_400}
        ends = {k: (now + datetime.timedelta(seconds=s)).strftime("%Y-%m-%dT%H:%M:%SZ") for k, s in times.items()}
        path = self.folder / ".aws/sso/cache" / f"{hashlib.sha1(name.encode()).hexdigest()}.json"
        path.write_text(json.dumps(SIGN_ON | ends | {"accessToken": SIGN_ON_TOKENS[0]}))
        return path

    def botocore(self, names: list[str]) -> dict:
        command = [sys.executable, "-c", BOTOCORE, *names]
        done = subprocess.run(command, env=self.env, capture_output=True, text=True, timeout=60, check=True)
        return json.loads(done.stdout)

    def accounts(self, names: list[str]) -> str:
        tables = []
        for number, name in enumerate(names):
            table = signed(self.upstream.base_url, f"profile = '{name}'").replace("version = 1\n", "")
            tables.append(table.replace(".cloud]", f".c{number}]").replace(f'region = "{REGION}"\n', ""))
        return "version = 1\n" + "".join(tables)

    def test_botocore_finds_the_same_keys_and_regions(self) -> None:
        self.token("my corp", 7200)
        self.token("https://legacy.example.com/start", 7200)
        fixed = ["my prof", "both", "stored", "program", "configured", "signed", "legacy", "moved"]
        roles = ["split", "looped"]
        wanted = self.botocore(fixed + roles)
        self.assertEqual({name: found for name, found in wanted.items() if isinstance(found, str)}, {})
        martlet = self.start(self.accounts(fixed + roles), self.env)
        for number, name in enumerate(fixed + roles):
            with self.subTest(profile=name):
                self.upstream.forget()
                body = {"model": f"c{number}::echo", "messages": [{"role": "user", "content": "hi"}]}
                self.assertEqual(martlet.request("POST", "/v1/chat/completions", body).status, 200)
                received = self.upstream.only_request()
                key, secret, token, region = wanted[name]
                if name in roles:
                    # Each call to STS gives another key.
                    self.assertTrue(key.startswith("AKIAGIVEN"), key)
                    self.judge_given(received, region)
                else:
                    self.judge(received, key, secret, token, region)

    def test_a_sign_on_is_renewed_as_botocore_renews_it(self) -> None:
        kept = []
        for reader in (lambda: self.botocore(["signed"]), self.ask_signed):
            path = self.token("my corp", 60)
            reader()
            kept.append(json.loads(path.read_text()))
        self.assertEqual(kept[0].keys(), kept[1].keys())
        for name in kept[0].keys() - {"expiresAt", "registrationExpiresAt"}:
            self.assertEqual(kept[0][name], kept[1][name], name)
        self.assertEqual(kept[1]["accessToken"], SIGN_ON_TOKENS[1])
        self.assertEqual((self.clouds.count("sign-on"), self.clouds.count("portal")), (2, 2))

    def ask_signed(self) -> None:
        martlet = self.start(self.accounts(["signed"]).replace(".c0]", ".cloud]"), self.env)
        self.ask(martlet)

    def test_an_ended_sign_on_is_told_with_what_to_do(self) -> None:
        martlet = self.start(self.accounts(["legacy"]).replace(".c0]", ".cloud]"), self.env)
        self.ask(martlet, status=502)
        told = [line for line in martlet.process.lines if "aws sso login --profile legacy" in line]
        self.assertEqual(len(told), 1, martlet.process.lines)


class StrictClock(BaseHTTPRequestHandler):
    """Refuses signatures whose time is not its own."""

    protocol_version = "HTTP/1.1"
    ahead = datetime.timedelta(hours=2)

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        now = datetime.datetime.now(datetime.timezone.utc) + self.ahead
        signed = datetime.datetime.strptime(self.headers["x-amz-date"], "%Y%m%dT%H%M%SZ")
        off = abs(now.replace(tzinfo=None) - signed)
        self.server.signed.append(off < datetime.timedelta(minutes=5))  # type: ignore[attr-defined]
        if self.server.signed[-1]:  # type: ignore[attr-defined]
            message = {"role": "assistant", "content": "on time"}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
            answer = {"id": "c", "object": "chat.completion", "created": 1, "model": "echo", "choices": [choice]}
            status, answer = 200, answer | {"usage": usage}
        else:
            status, answer = 403, {"message": "Signature expired: it is later than that."}
        text = json.dumps(answer).encode()
        self.send_response_only(status)
        self.send_header("date", now.strftime("%a, %d %b %Y %H:%M:%S GMT"))
        self.send_header("content-type", "application/json")
        if status == 403:
            self.send_header("x-amzn-errortype", "InvalidSignatureException")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


class Clocks(CloudCase):
    def test_a_clock_that_is_wrong_is_corrected_once_by_the_date_of_the_refusal(self) -> None:
        server = ScriptedServer(StrictClock)
        server.signed = []
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        env = {"AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "secret"}
        martlet = self.start(signed(f"http://127.0.0.1:{server.server_address[1]}/v1"), env)
        for _ in range(3):
            self.ask(martlet)
        self.assertEqual(server.signed, [False, True, True, True])
        told = [line for line in martlet.process.lines if "ahead of this machine's" in line]
        self.assertEqual(len(told), 1, martlet.process.lines)


if __name__ == "__main__":
    unittest.main()
