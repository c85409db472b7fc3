"""What the tests of the official `openai` SDK share: the gateway's configuration and one set-up a class."""

from __future__ import annotations

import json
import unittest

import openai
from harness import GATEWAY_KEY, Martlet
from openai import AsyncOpenAI, OpenAI
from scripted_upstream import Received, ScriptedUpstream

UPSTREAM_KEY = "upstream-key-never-shown-to-clients"
REFUSED_KEY = "upstream-key-that-is-refused"
CANCEL_LIMIT_S = 1.0

# An upstream model is reached under its own name, through the account named here. Those that fail have accounts of
# their own, so that what is learned about a credential or a host does not reach the others.
ACCOUNTS = {
    "scripted": ("echo", "endless", "cut", "refuse-400", "refuse-404", "refuse-429", "refuse-500"),
    "refusing": ("refuse-401",),
    "exhausted": ("quota",),
    "failing": (),
    "sluggish": ("slow",),
}
RENAMED = "team/echo:latest"


def configuration(base_url: str) -> str:
    keys = {"refusing": "env::REFUSED_KEY"}
    parts = ["version = 1", "[models.mock]"]
    for account, models in ACCOUNTS.items():
        parts.append(
            f"[gateway.providers.{account}]\n"
            'type = "openai_compatible"\n'
            f'base_url = "{base_url}"\n'
            f'api_key_location = "{keys.get(account, "env::UPSTREAM_KEY")}"'
        )
        if account == "sluggish":
            parts.append("timeout_s = 1")
        parts += [_model(model, {account: model}) for model in models]
    parts.append(_model(RENAMED, {"scripted": "echo"}))
    parts.append(_model("rescued", {"failing": "refuse-500", "scripted": "echo"}))
    return "\n".join(parts) + "\n"


def _model(name: str, targets: dict[str, str]) -> str:
    lines = [f'[models."{name}"]', f"routing = {json.dumps(list(targets))}"]
    for account, upstream_model in targets.items():
        lines += [f'[models."{name}".providers.{account}]', f'model_name = "{upstream_model}"']
    return "\n".join(lines)


def user(text: str) -> list[dict]:
    return [{"role": "user", "content": text}]


class PeerCase(unittest.TestCase):
    """One upstream, one gateway and one client for all tests of a class."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.upstream = cls.enterClassContext(ScriptedUpstream())
        keys = {"UPSTREAM_KEY": UPSTREAM_KEY, "REFUSED_KEY": REFUSED_KEY}
        cls.martlet = cls.enterClassContext(Martlet(configuration(cls.upstream.base_url), keys))
        cls.client = cls.enterClassContext(cls.new_client())

    @classmethod
    def new_client(cls, **options) -> OpenAI:
        return OpenAI(base_url=f"{cls.martlet.url}/v1", api_key=GATEWAY_KEY, timeout=20, **options)

    @classmethod
    def new_async_client(cls) -> AsyncOpenAI:
        return AsyncOpenAI(base_url=f"{cls.martlet.url}/v1", api_key=GATEWAY_KEY, timeout=20)

    def setUp(self) -> None:
        self.upstream.forget()

    def assert_status_error(self, error: openai.APIStatusError, status: int, code: str | None) -> None:
        self.assertEqual((error.status_code, error.code), (status, code), error)
        self.assertTrue(error.request_id)

    def assert_reader_left(self, received: Received, since: float) -> None:
        self.assertTrue(received.reader_left.wait(CANCEL_LIMIT_S), "the upstream call was not cancelled")
        self.assertLess(received.left_at - since, CANCEL_LIMIT_S)
