"""Credentials of clouds: fetched from scripted services, and judged by botocore."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import time
import unittest

from cloud_case import CloudCase, account, signed
from harness import REPOSITORY, Martlet, binary_path, eventually
from scripted_clouds import ACCOUNT, CLIENT, CONTAINER_TOKEN, SOURCE_KEYS, TENANT, WEB_TOKEN

SCOPE = "https://cognitiveservices.azure.com/.default"


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
