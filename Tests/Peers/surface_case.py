"""What the tests of the client libraries share: one upstream a side, one gateway, and names that say who answers.

A model is called by the side it is reached through and the name it has there: `chat/echo`, `claude/parallel`,
`ollama/thinker`. The side `openai` is asked as OpenAI is: by Responses when the caller asks so, else by chat. Needs
the standard library only, so that the environment of any client can import it.
"""

from __future__ import annotations

import base64
import json
import struct
import unittest
import zlib

from harness import Martlet
from scripted_anthropic import ScriptedAnthropic
from scripted_ollama import ScriptedOllama
from scripted_responses import ScriptedResponses
from scripted_upstream import Received, ScriptedUpstream

UPSTREAM_KEY = "upstream-key-never-shown-to-clients"
CANCEL_LIMIT_S = 1.0
SIDES = ("chat", "claude", "ollama")
ALL_SIDES = (*SIDES, "openai")

MODELS = {
    "chat": "echo endless cut refuse-400 refuse-404 refuse-429".split(),
    "claude": (
        "echo parallel bare-call omitted redacted cached pings window pause refusal empty claude-opus-5-1 overloaded "
        "endless cut refuse-400 refuse-404 refuse-429"
    ).split(),
    "ollama": "echo parallel no-ids thinker broken endless cut refuse-400 refuse-404".split(),
    "openai": "echo parallel endless cut refuse-400 refuse-404 refuse-429".split(),
}
# Those that fail have accounts of their own, so that what is learned about one does not reach the others.
FAILING = {side: "refuse-500" for side in ALL_SIDES}

WEATHER_SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
    "required": ["city", "days"],
    "additionalProperties": False,
}
CLOCK_SCHEMA = {
    "type": "object",
    "properties": {"zone": {"type": "string"}},
    "required": ["zone"],
    "additionalProperties": False,
}
# What the scripted models make of those schemas.
WEATHER_ARGUMENTS = {"city": "plain words", "days": 7}
CLOCK_ARGUMENTS = {"zone": "plain words"}


def account(name: str, kind: str, base_url: str, *more: str) -> str:
    lines = [f"[gateway.providers.{name}]", f'type = "{kind}"', f'base_url = "{base_url}"']
    return "\n".join([*lines, 'api_key_location = "env::UPSTREAM_KEY"', *more])


def model(name: str, targets: dict[str, str], *more: str) -> str:
    lines = [f'[models."{name}"]', f"routing = {json.dumps(list(targets))}", *more]
    for target, upstream_model in targets.items():
        lines += [f'[models."{name}".providers.{target}]', f'model_name = "{upstream_model}"']
    return "\n".join(lines)


def tool_said(side: str, *results: tuple[str, str]) -> str:
    """What a scripted model says when it is given the results of tools, each with the tool's name."""
    if side == "chat":
        return f"The tool said: {results[-1][1]}"
    if side == "claude":
        return "The tools said: " + " | ".join(result for _, result in results)
    return "The tools said: " + " | ".join(f"{name}={result}" for name, result in results)


def png() -> bytes:
    """One red pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    rows = zlib.compress(b"\0\xff\0\0")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


PNG = base64.b64encode(png()).decode()


class SurfaceCase(unittest.TestCase):
    """The upstreams and one gateway for all tests of a class."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.chat = cls.enterClassContext(ScriptedUpstream())
        cls.claude = cls.enterClassContext(ScriptedAnthropic(UPSTREAM_KEY))
        cls.ollama = cls.enterClassContext(ScriptedOllama())
        cls.openai = cls.enterClassContext(ScriptedResponses())
        cls.martlet = cls.enterClassContext(Martlet(cls.configuration(), {"UPSTREAM_KEY": UPSTREAM_KEY}))

    @classmethod
    def configuration(cls) -> str:
        kinds = {
            "chat": ("openai_compatible", cls.chat.base_url),
            "claude": ("anthropic", cls.claude.base_url),
            "ollama": ("ollama", cls.ollama.base_url),
            "openai": ("openai", cls.openai.base_url),
        }
        parts = ["version = 1"]
        for side, (kind, base_url) in kinds.items():
            parts.append(account(side, kind, base_url))
            parts += [model(f"{side}/{name}", {side: name}) for name in MODELS[side]]
            parts.append(account(f"{side}_failing", kind, base_url))
            parts.append(model(f"{side}/{FAILING[side]}", {f"{side}_failing": FAILING[side]}))
            parts.append(account(f"{side}_sluggish", kind, base_url, "timeout_s = 1"))
            parts.append(model(f"{side}/slow", {f"{side}_sluggish": "slow"}))
        return "\n".join([*parts, *cls.more_configuration()]) + "\n"

    @classmethod
    def more_configuration(cls) -> list[str]:
        """What a class of tests adds."""
        return []

    def setUp(self) -> None:
        self.forget()

    def forget(self) -> None:
        for upstream in (self.chat, self.claude, self.ollama, self.openai):
            upstream.forget()

    def upstream(self, side: str) -> ScriptedUpstream:
        return getattr(self, side)

    def turns(self, received: Received) -> list[dict]:
        """The messages or items as the upstream got them."""
        request = received.json
        return request["input"] if "input" in request else request["messages"]

    def tool_said(self, side: str, *results: tuple[str, str]) -> str:
        """What the scripted model that was asked last says when it is given the results of tools."""
        if side == "openai":
            side = "claude" if "input" in self.upstream(side).received[-1].json else "chat"
        return tool_said(side, *results)

    def system_text(self, side: str, received: Received) -> str:
        """The system's words as the upstream got them."""
        request = received.json
        if side == "claude":
            system = request.get("system", "")
            return system if isinstance(system, str) else "\n".join(block["text"] for block in system)
        if "input" in request and request.get("instructions"):
            return request["instructions"]
        if "messages" not in request and "input" not in request:
            return request.get("system", "")
        spoken = [message for message in self.turns(received) if message.get("role") in ("system", "developer")]
        return "\n".join(_text(message["content"]) for message in spoken)

    def usage(self, side: str, received: Received) -> tuple[int, int]:
        """The tokens read and written that the upstream told, the first with all that a cache gave."""
        told = received.usage
        if "prompt_tokens" in told:
            return told["prompt_tokens"], told["completion_tokens"]
        if side == "ollama":
            return told["prompt_eval_count"], told["eval_count"]
        if side == "openai":
            return told["input_tokens"], told["output_tokens"]
        cached = told["cache_read_input_tokens"] + told["cache_creation_input_tokens"]
        return told["input_tokens"] + cached, told["output_tokens"]

    def dropped(self, headers) -> set[str]:
        return {name for name in (headers.get("x-gateway-dropped") or "").split(", ") if name}

    def assert_reader_left(self, received: Received, since: float) -> None:
        self.assertTrue(received.reader_left.wait(CANCEL_LIMIT_S), "the upstream call was not cancelled")
        self.assertLess(received.left_at - since, CANCEL_LIMIT_S)


def _text(content: object) -> str:
    return content if isinstance(content, str) else "\n".join(part.get("text", "") for part in content or [])
