"""What tests of credentials of clouds share."""

from __future__ import annotations

import datetime
import json
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import botocore.auth
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from harness import Martlet
from scripted_clouds import REGION, Clouds
from scripted_upstream import Received, ScriptedUpstream

SERVICE = "bedrock"


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

    def judge(
        self, received: Received, key: str, secret: str, token: str | None = None, region: str = REGION
    ) -> None:
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
            SigV4Auth(Credentials(key, secret, token), SERVICE, region).add_auth(request)
        self.assertEqual(sent, request.headers["Authorization"])
        self.assertEqual(received.headers.get("x-amz-security-token"), token)

    def judge_given(self, received: Received, region: str = REGION) -> str:
        key = received.headers["authorization"].split("Credential=")[1].split("/")[0]
        self.judge(received, key, self.clouds.secret_of(key), f"session-of-{key}", region)
        return key
