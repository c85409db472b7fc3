"""Credentials of clouds: fetched from scripted services, and judged by botocore and google-auth."""

from __future__ import annotations

import concurrent.futures
import hashlib
import datetime
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from unittest import mock

import botocore.auth
import google.auth.iam
import google.auth.identity_pool
import google.auth.impersonated_credentials
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from harness import REPOSITORY, Martlet, binary_path, eventually
from scripted_clouds import (
    ACCOUNT, CLIENT, CONTAINER_TOKEN, REGION, SIGN_ON, SIGN_ON_TOKENS, SOURCE_KEYS, TENANT, WEB_TOKEN, Clouds,
)
from scripted_server import ScriptedServer
from scripted_upstream import Received, ScriptedUpstream

SERVICE = "bedrock"
SCOPE = "https://cognitiveservices.azure.com/.default"


class Answer:
    """An answer as google-auth reads it."""

    def __init__(self, status: int, data: bytes, headers: dict) -> None:
        self.status, self.data, self.headers = status, data, headers


def forward(url: str, method: str = "GET", body: bytes | str | None = None, headers: dict | None = None, **_) -> Answer:
    """Sends a call of google-auth."""
    data = body.encode() if isinstance(body, str) else body
    call = urllib.request.Request(url, data=data, headers=headers or {}, method=method)
    try:
        with urllib.request.urlopen(call, timeout=10) as answer:
            return Answer(answer.status, answer.read(), dict(answer.headers))
    except urllib.error.HTTPError as error:
        return Answer(error.code, error.read(), dict(error.headers))


def account(base_url: str, *lines: str) -> str:
    table = ["[gateway.providers.cloud]", 'type = "openai_compatible"', f'base_url = "{base_url}"', *lines]
    return "\n".join(["version = 1", *table, ""])


def signed(base_url: str, *lines: str) -> str:
    return account(base_url, 'auth = "aws_sigv4"', f'auth_service = "{SERVICE}"', f'region = "{REGION}"', *lines)


class CloudCase(unittest.TestCase):
    def setUp(self) -> None:
        self.clouds = self.enterContext(Clouds())
        self.upstream = self.enterContext(ScriptedUpstream())
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="martlet-clouds-")))

    def tearDown(self) -> None:
        self.assertEqual(self.clouds.problems, [])

    def start(self, config: str, env: dict[str, str]) -> Martlet:
        return self.enterContext(Martlet(config, env))

    def file(self, name: str, content: str | dict) -> str:
        path = self.folder / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return str(path)

    def ask(self, martlet: Martlet, text: str = "one two", status: int = 200, **more) -> None:
        body = {"model": "cloud::echo", "messages": [{"role": "user", "content": text}]} | more
        answer = martlet.request("POST", "/v1/chat/completions", body)
        self.assertEqual(answer.status, status, [answer, *martlet.process.lines])

    def judge(self, received: Received, key: str, secret: str, token: str | None = None) -> None:
        """Lets botocore sign what arrived, and compares."""
        sent = received.headers["authorization"]
        names = sent.split("SignedHeaders=")[1].split(",")[0].split(";")
        self.assertLessEqual({"host", "content-type", "x-amz-date"}, set(names))
        request = AWSRequest("POST", f"http://{received.headers['host']}{received.path}", data=received.body)
        for name in names:
            if name not in ("x-amz-date", "x-amz-security-token"):
                request.headers[name] = received.headers[name]
        time_format = "%Y%m%dT%H%M%SZ"
        then = datetime.datetime.strptime(received.headers["x-amz-date"], time_format)
        now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
        self.assertLess(abs(now - then), datetime.timedelta(seconds=30))
        with mock.patch.object(botocore.auth, "get_current_datetime", lambda: then):
            SigV4Auth(Credentials(key, secret, token), SERVICE, REGION).add_auth(request)
        self.assertEqual(sent, request.headers["Authorization"])
        self.assertEqual(received.headers.get("x-amz-security-token"), token)

    def judge_given(self, received: Received) -> str:
        key = received.headers["authorization"].split("Credential=")[1].split("/")[0]
        self.judge(received, key, self.clouds.secret_of(key), f"session-of-{key}")
        return key


class Signatures(CloudCase):
    def test_the_kept_fixtures_are_what_botocore_says(self) -> None:
        path = REPOSITORY / "scripts/sigv4-fixtures.py"
        spec = importlib.util.spec_from_file_location("sigv4_fixtures", path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        kept = (REPOSITORY / "Tests/MartletProvidersTests/Fixtures/sigv4.json").read_text()
        self.assertEqual(kept, module.fixtures())

    def test_botocore_agrees_with_what_arrives(self) -> None:
        keys = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "wJalr/XUtn+FEMI"}
        for token in (None, "FwoGZXIvYXdzEXAMPLETOKEN=="):
            env = keys | ({"AWS_SESSION_TOKEN": token} if token else {})
            with Martlet(signed(self.upstream.base_url), env) as martlet:
                for text in ("short", "ä € 🐦 \" \\", "long" * 5_000, "large" * 120_000):
                    for stream in (False, True):
                        with self.subTest(token=token, bytes=len(text), stream=stream):
                            self.upstream.forget()
                            self.ask(martlet, text, stream=stream)
                            received = self.upstream.only_request()
                            self.assertGreater(len(received.body), len(text))
                            self.judge(received, keys["AWS_ACCESS_KEY_ID"], keys["AWS_SECRET_ACCESS_KEY"], token)

    def test_keys_of_the_account_may_stand_elsewhere(self) -> None:
        lines = ['access_key_id = "env::MY_ID"', f'secret_access_key = "file::{self.file("secret", "my/secret")}"']
        martlet = self.start(signed(self.upstream.base_url, *lines), {"MY_ID": "AKIDMINE", "AWS_ACCESS_KEY_ID": "NO"})
        self.ask(martlet)
        self.judge(self.upstream.only_request(), "AKIDMINE", "my/secret")


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


class AWSChain(CloudCase):
    def test_instance_metadata(self) -> None:
        martlet = self.start(signed(self.upstream.base_url), {"AWS_EC2_METADATA_SERVICE_ENDPOINT": self.clouds.url})
        for _ in range(3):
            self.ask(martlet)
        self.assertEqual({self.judge_given(one) for one in self.upstream.received}, {"AKIAGIVEN1"})
        self.assertEqual((self.clouds.count("session"), self.clouds.count("instance")), (1, 1))

    def test_container(self) -> None:
        env = {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{self.clouds.url}/container",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": self.file("token", CONTAINER_TOKEN + "\n"),
        }
        self.ask(self.start(signed(self.upstream.base_url), env))
        self.judge_given(self.upstream.only_request())

    def test_web_identity(self) -> None:
        env = {
            "AWS_WEB_IDENTITY_TOKEN_FILE": self.file("jwt", WEB_TOKEN),
            "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/r",
            "AWS_ENDPOINT_URL_STS": self.clouds.url,
        }
        self.ask(self.start(signed(self.upstream.base_url), env))
        self.judge_given(self.upstream.only_request())

    def test_profile(self) -> None:
        text = "[default]\naws_access_key_id=NO\naws_secret_access_key=no\n[dev]\naws_access_key_id = AKIDDEV\n"
        credentials = self.file("credentials", text + "aws_secret_access_key = dev/secret # mine\n")
        env = {"AWS_SHARED_CREDENTIALS_FILE": credentials, "AWS_PROFILE": "dev", "AWS_EC2_METADATA_DISABLED": "true"}
        self.ask(self.start(signed(self.upstream.base_url), env))
        self.judge(self.upstream.only_request(), "AKIDDEV", "dev/secret")

    def test_a_role_is_taken_with_the_keys_of_another_profile(self) -> None:
        key, secret = SOURCE_KEYS
        self.file("credentials", f"[base]\naws_access_key_id = {key}\naws_secret_access_key = {secret}\n")
        role = "role_arn = arn:aws:iam::1:role/r\nsource_profile = base\nexternal_id = ext 1\n"
        env = {
            "AWS_SHARED_CREDENTIALS_FILE": str(self.folder / "credentials"),
            "AWS_CONFIG_FILE": self.file("config", f"[profile work]\n{role}"),
            "AWS_ENDPOINT_URL_STS": self.clouds.url,
        }
        self.ask(self.start(signed(self.upstream.base_url, 'profile = "work"'), env))
        self.judge_given(self.upstream.only_request())
        self.assertEqual(self.clouds.count("role"), 1)

    def test_keys_are_renewed_before_they_end_and_nobody_waits(self) -> None:
        self.clouds.lifetime_s = 8
        martlet = self.start(signed(self.upstream.base_url), {"AWS_EC2_METADATA_SERVICE_ENDPOINT": self.clouds.url})
        self.ask(martlet)
        # Renewed after three quarters of its life, whether or not anybody asks.
        eventually(lambda: self.clouds.count("instance") > 1, limit_s=12)
        end = time.monotonic() + 5
        while self.judge_given(self.upstream.received[-1]) == "AKIAGIVEN1" and time.monotonic() < end:
            self.ask(martlet)
        self.assertEqual(self.judge_given(self.upstream.received[-1]), "AKIAGIVEN2")
        for received in self.upstream.received:
            self.judge_given(received)


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
                with mock.patch.dict(globals(), REGION=region):
                    if name in roles:
                        # Each call to STS gives another key.
                        self.assertTrue(key.startswith("AKIAGIVEN"), key)
                        self.judge_given(received)
                    else:
                        self.judge(received, key, secret, token)

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


class Google(CloudCase):
    def lines(self, location: str) -> str:
        return account(self.upstream.base_url, 'auth = "google"', f'credential_location = "{location}"')

    def tokens(self) -> list[str]:
        return [received.headers.get("authorization", "") for received in self.upstream.received]

    def test_a_service_account_proves_itself_to_googles_own_library(self) -> None:
        path = self.file("key.json", self.clouds.service_account)
        martlet = self.start(self.lines(f"file::{path}"), {})
        with concurrent.futures.ThreadPoolExecutor(40) as pool:
            for done in [pool.submit(self.ask, martlet) for _ in range(100)]:
                done.result()
        self.assertEqual(set(self.tokens()), {"Bearer ya29.token-1"})
        self.assertEqual(self.clouds.count("assertion"), 1)

    def test_application_default_credentials(self) -> None:
        user = {"GOOGLE_APPLICATION_CREDENTIALS": self.file("adc.json", self.clouds.user)}
        server = {"GCE_METADATA_HOST": self.clouds.url.removeprefix("http://")}
        for what, env in (("user", user), ("metadata", server)):
            with self.subTest(what=what), Martlet(self.lines("sdk"), env) as martlet:
                self.upstream.forget()
                self.ask(martlet)
                self.assertEqual(self.clouds.count(what), 1)
                self.assertRegex(self.tokens()[0], r"^Bearer ya29\.token-\d$")

    def judged(self, name: str, content: dict) -> list:
        """What google-auth asks the services for a file's token."""
        self.file(name, content)
        scopes = ["https://www.googleapis.com/auth/cloud-platform"]
        if content["type"] == "external_account":
            credentials = google.auth.identity_pool.Credentials.from_info(content).with_scopes(scopes)
        else:
            kind = google.auth.impersonated_credentials.Credentials
            credentials = kind.from_impersonated_service_account_info(content, scopes)
        endpoint = self.clouds.impersonation_url("{}")
        with mock.patch.object(google.auth.iam, "_IAM_ENDPOINT", endpoint):
            # A user's token is asked for at the public address, whatever the file says.
            credentials.refresh(lambda url, **more: forward(url.replace("https://oauth2.googleapis.com", self.clouds.url), **more))
        self.assertRegex(credentials.token, r"^ya29\.token-\d+$")
        asked = list(self.clouds.exchanges)
        self.clouds.exchanges.clear()
        return asked

    def test_identities_of_others_are_exchanged_as_googles_own_library_does(self) -> None:
        token = self.file("subject", WEB_TOKEN)
        pool = "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/o"
        external = {
            "type": "external_account",
            "audience": pool,
            "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
            "token_url": f"{self.clouds.url}/sts",
            "credential_source": {"file": token},
        }
        address = {
            "url": f"{self.clouds.url}/subject",
            "headers": {"X-Subject": "mine"},
            "format": {"type": "json", "subject_token_field_name": "id_token"},
        }
        acting = {
            "credential_source": address,
            "service_account_impersonation_url": self.clouds.impersonation_url(),
            "service_account_impersonation": {"token_lifetime_seconds": 1800},
        }
        person = {
            "audience": "//iam.googleapis.com/locations/global/workforcePools/p/providers/o",
            "workforce_pool_user_project": "project-1",
        }
        impersonated = {
            "type": "impersonated_service_account",
            "service_account_impersonation_url": self.clouds.impersonation_url(),
            "delegates": ["between@project.iam.gserviceaccount.com"],
        }
        files = {
            "file": external,
            "url": external | acting,
            "client": external | {"client_id": "id", "client_secret": "secret"},
            "person": external | person,
            "user": impersonated | {"source_credentials": self.clouds.user},
            "account": impersonated | {"source_credentials": self.clouds.service_account},
        }
        for name, content in files.items():
            with self.subTest(file=name):
                self.clouds.exchanges.clear()
                wanted = self.judged(f"{name}.json", content)
                self.assertGreater(len(wanted), 0)
                self.upstream.forget()
                with Martlet(self.lines(f"file::{self.folder / name}.json"), {}) as martlet:
                    self.ask(martlet)
                self.assertEqual(self.clouds.exchanges, wanted)
                self.assertRegex(self.tokens()[-1], r"^Bearer ya29\.token-\d+$")

    def test_the_project_that_is_charged_is_the_files(self) -> None:
        path = self.file("adc.json", self.clouds.user | {"quota_project_id": "billed"})
        self.ask(self.start(self.lines("sdk"), {"GOOGLE_APPLICATION_CREDENTIALS": path}))
        self.assertEqual(self.upstream.only_request().headers.get("x-goog-user-project"), "billed")

    def test_a_service_that_is_down_is_an_error_in_words_and_recovers(self) -> None:
        path = self.file("key.json", self.clouds.service_account)
        martlet = self.start(self.lines(f"file::{path}"), {})
        self.clouds.is_down = True
        body = {"model": "cloud::echo", "messages": [{"role": "user", "content": "hi"}]}
        answer = martlet.request("POST", "/v1/chat/completions", body)
        self.assertEqual((answer.status, answer.json["error"]["code"]), (502, "provider_auth_error"), answer)
        self.assertIn("account cloud", answer.json["error"]["message"])
        self.assertIn("log says why", answer.json["error"]["message"])
        self.assertEqual(self.upstream.received, [])
        self.clouds.is_down = False
        recovered = eventually(lambda: martlet.request("POST", "/v1/chat/completions", body).status == 200)
        self.assertTrue(recovered)


class Entra(CloudCase):
    def test_client_credentials(self) -> None:
        config = account(self.upstream.base_url, 'auth = "azure"', f'auth_scope = "{SCOPE}"')
        env = {
            "AZURE_TENANT_ID": TENANT,
            "AZURE_CLIENT_ID": CLIENT[0],
            "AZURE_CLIENT_SECRET": CLIENT[1],
            "AZURE_AUTHORITY_HOST": self.clouds.url,
        }
        martlet = self.start(config, env)
        self.ask(martlet)
        self.ask(martlet)
        sent = [received.headers["authorization"] for received in self.upstream.received]
        self.assertEqual((sent, self.clouds.count("entra")), (["Bearer ya29.token-1"] * 2, 1))


class Callers(CloudCase):
    def test_a_callers_key_reaches_only_the_account_that_takes_it(self) -> None:
        config = account(self.upstream.base_url, 'api_key_location = "dynamic::mine"')
        martlet = self.start(config, {})
        body = {"model": "cloud::echo", "messages": [{"role": "user", "content": "hi"}]}
        headers = {"X-Gateway-Credential-Mine": "sk-of-the-caller"}
        self.assertEqual(martlet.request("POST", "/v1/chat/completions", body, headers=headers).status, 200)
        received = self.upstream.only_request()
        self.assertEqual(received.headers["authorization"], "Bearer sk-of-the-caller")
        self.assertNotIn("x-gateway-credential-mine", received.headers)
        missing = martlet.request("POST", "/v1/chat/completions", body)
        self.assertEqual(missing.status, 400)
        self.assertIn("x-gateway-credential-mine", missing.json["error"]["message"])


class Doctor(CloudCase):
    def report(self, config: str, env: dict[str, str]) -> dict:
        """What `martlet ai doctor` says of the account."""
        path = self.file("doctor.toml", config)
        command = [str(binary_path()), "ai", "doctor", "--json", "--config", path]
        data = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "MARTLET_DATA_DIR": str(self.folder / "data")}
        done = subprocess.run(command, env=data | env, capture_output=True, text=True, timeout=60)
        checks = json.loads(done.stdout)["checks"]
        return next(check for check in checks if check["name"] == "account cloud")

    def test_where_a_credential_was_found_whose_it_is_and_how_long_it_lasts(self) -> None:
        path = self.file("key.json", self.clouds.service_account)
        env = {"AWS_EC2_METADATA_SERVICE_ENDPOINT": self.clouds.url, "AWS_ENDPOINT_URL_STS": self.clouds.url}
        aws = self.report(signed(self.upstream.base_url), env)
        self.assertEqual(aws["status"], "ok", aws)
        for word in ("instance metadata service, role gateway-role", ACCOUNT):
            self.assertIn(word, aws["message"])
        self.assertRegex(aws["message"], r"ends in (59|60) min")
        google = self.report(account(self.upstream.base_url, 'auth = "google"', f'api_key_location = "file::{path}"'), {})
        self.assertEqual(google["status"], "ok", google)
        self.assertIn(f"file {path}", google["message"])

    def test_what_is_wrong_is_said_with_the_next_step(self) -> None:
        env = {"AWS_ENDPOINT_URL_STS": self.clouds.url, "AWS_ACCESS_KEY_ID": "REFUSED", "AWS_SECRET_ACCESS_KEY": "sssh"}
        refused = self.report(signed(self.upstream.base_url), env)
        self.assertEqual(refused["status"], "fail", refused)
        self.assertIn("InvalidClientTokenId", refused["message"])
        none = self.report(signed(self.upstream.base_url), {"AWS_EC2_METADATA_DISABLED": "true"})
        self.assertEqual(none["status"], "fail", none)
        self.assertIn("AWS_ACCESS_KEY_ID", none["hint"])
        self.assertNotIn("sssh", json.dumps([refused, none]))


if __name__ == "__main__":
    unittest.main()
