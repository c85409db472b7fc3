"""Tokens of Google: what is asked for them is judged by google-auth."""

from __future__ import annotations

import concurrent.futures
import unittest
import urllib.error
import urllib.request
from unittest import mock

import google.auth.iam
import google.auth.identity_pool
import google.auth.impersonated_credentials
from cloud_case import CloudCase, account
from harness import Martlet, eventually
from scripted_clouds import WEB_TOKEN


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


if __name__ == "__main__":
    unittest.main()
