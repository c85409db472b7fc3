"""What the tests of other dialects share: three scripted upstreams behind one gateway, asked by an OpenAI client.

The official `openai` SDK asks through Martlet.
"""

from __future__ import annotations

import base64
import json
import struct
import unittest
import zlib

import openai
import pydantic
from harness import GATEWAY_KEY, Martlet
from openai import OpenAI
from scripted_anthropic import ScriptedAnthropic
from scripted_ollama import ScriptedOllama
from scripted_upstream import Received, ScriptedUpstream

CLAUDE_KEY = "sk-ant-scripted-never-shown-to-clients"
CANCEL_LIMIT_S = 1.0
PRICES = {"input": "0.0335", "cache_read": "0.0007", "cache_write": "0.0413", "output": "1.0005"}

CLAUDE_MODELS = (
    "echo parallel bare-call omitted redacted cached pings window pause refusal empty claude-opus-5-1 "
    "claude-sonnet-4-5 overloaded endless cut refuse-400 refuse-404"
).split()
OLLAMA_MODELS = "echo parallel no-ids thinker broken endless cut refuse-400 refuse-404".split()
# Models that fail have accounts of their own, so that what is learned about one does not reach the others.
ALONE = {
    "claude": ("refuse-401", "refuse-429", "refuse-500", "refuse-529", "slow"),
    "ollama": ("refuse-500", "refuse-503", "slow"),
}


def png() -> bytes:
    """One red pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    rows = zlib.compress(b"\0\xff\0\0")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


PNG = base64.b64encode(png()).decode()
PICTURE = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}}


def tool(name: str, **properties: str) -> dict:
    schema = {
        "type": "object",
        "properties": {key: {"type": kind} for key, kind in properties.items()},
        "required": list(properties),
        "additionalProperties": False,
    }
    function = {"name": name, "description": f"Tells the {name}", "parameters": schema}
    return {"type": "function", "function": function}


WEATHER = tool("get_weather", city="string", days="integer")
CLOCK = tool("get_time", zone="string")
WEATHER_ARGUMENTS = {"city": "plain words", "days": 7}
CLOCK_ARGUMENTS = {"zone": "plain words"}


class Step(pydantic.BaseModel):
    explanation: str
    certain: bool


class Plan(pydantic.BaseModel):
    title: str
    count: int
    steps: list[Step]


PLAN = Plan(title="plain words", count=7, steps=[Step(explanation="plain words", certain=True)])


def user(text: str) -> list[dict]:
    return [{"role": "user", "content": text}]


def account(name: str, kind: str, base_url: str, key: str, *more: str) -> str:
    lines = [f"[gateway.providers.{name}]", f'type = "{kind}"', f'base_url = "{base_url}"']
    return "\n".join([*lines, f'api_key_location = "{key}"', *more])


def model(name: str, targets: dict[str, str], *more: str) -> str:
    lines = [f'[models."{name}"]', f"routing = {json.dumps(list(targets))}", *more]
    for target, upstream_model in targets.items():
        lines += [f'[models."{name}".providers.{target}]', f'model_name = "{upstream_model}"']
    return "\n".join(lines)


class DialectCase(unittest.TestCase):
    """The three upstreams, one gateway and one client for all tests of a class.

    The models of Anthropic's server are called `claude/…`, those of Ollama's `ollama/…`.
    """

    @classmethod
    def setUpClass(cls) -> None:
        cls.claude = cls.enterClassContext(ScriptedAnthropic(CLAUDE_KEY))
        cls.ollama = cls.enterClassContext(ScriptedOllama())
        cls.openai = cls.enterClassContext(ScriptedUpstream())
        env = {"CLAUDE_KEY": CLAUDE_KEY, "WRONG_KEY": "sk-ant-wrong"}
        cls.martlet = cls.enterClassContext(Martlet(cls.configuration(), env))
        cls.client = cls.enterClassContext(cls.new_client())

    @classmethod
    def new_client(cls, **options) -> OpenAI:
        return OpenAI(base_url=f"{cls.martlet.url}/v1", api_key=GATEWAY_KEY, timeout=20, max_retries=0, **options)

    @classmethod
    def configuration(cls) -> str:
        prices = [f"{name}_price_per_mtok = {price}" for name, price in PRICES.items()]
        parts = ["version = 1"]
        claude, ollama = cls.claude.base_url, cls.ollama.base_url
        parts.append(account("claude", "anthropic", claude, "env::CLAUDE_KEY"))
        parts.append(account("other_claude", "anthropic", claude, "env::CLAUDE_KEY"))
        parts.append(account("ollama", "ollama", f"{ollama}/v1", "none"))
        parts.append(account("openai", "openai_compatible", cls.openai.base_url, "none"))
        parts.append(account("openai_failing", "openai_compatible", cls.openai.base_url, "none"))
        parts += [model(f"claude/{name}", {"claude": name}, *prices) for name in CLAUDE_MODELS]
        parts += [model(f"ollama/{name}", {"ollama": name}, *prices) for name in OLLAMA_MODELS]
        for kind, names in ALONE.items():
            for name in names:
                own = f"{kind}_{name.replace('-', '_')}"
                more = ["timeout_s = 1"] if name == "slow" else []
                key = "none" if kind == "ollama" else "env::WRONG_KEY" if name == "refuse-401" else "env::CLAUDE_KEY"
                base_url, type_name = (claude, "anthropic") if kind == "claude" else (ollama, "ollama")
                parts.append(account(own, type_name, base_url, key, *more))
                parts.append(model(f"{kind}/{name}", {own: "echo" if name == "refuse-401" else name}))
        parts.append(account("tired", "anthropic", claude, "env::CLAUDE_KEY"))
        parts.append(account("tired_ollama", "ollama", ollama, "none"))
        parts.append(model("to-openai", {"tired": "refuse-529", "openai": "echo"}))
        parts.append(model("to-claude", {"openai_failing": "refuse-500", "claude": "echo"}))
        parts.append(model("to-ollama", {"tired": "refuse-529", "ollama": "echo"}))
        parts.append(model("ollama-to-claude", {"tired_ollama": "refuse-500", "claude": "echo"}))
        parts.append(model("thinking-elsewhere", {"other_claude": "echo"}))
        return "\n".join(parts) + "\n"

    def setUp(self) -> None:
        for upstream in (self.claude, self.ollama, self.openai):
            upstream.forget()

    def ask(self, name: str, messages: list | str = "one two three", **more):
        messages = user(messages) if isinstance(messages, str) else messages
        return self.client.chat.completions.create(model=name, messages=messages, **more)

    def ask_raw(self, name: str, messages: list | str = "one two three", **more):
        messages = user(messages) if isinstance(messages, str) else messages
        return self.client.chat.completions.with_raw_response.create(model=name, messages=messages, **more)

    def stream_text(self, chunks: list) -> str:
        return "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)

    def dropped(self, raw) -> set[str]:
        return {name for name in raw.headers.get("x-gateway-dropped", "").split(", ") if name}

    def assert_usage(self, usage, expected: dict) -> None:
        """Compares all that the upstream's dialect tells; zero and absent are the same."""
        got = {
            "input": usage.prompt_tokens,
            "output": usage.completion_tokens,
            "total": usage.total_tokens,
            "read": (usage.prompt_tokens_details and usage.prompt_tokens_details.cached_tokens) or 0,
            "write": getattr(usage.prompt_tokens_details, "cache_write_tokens", 0) or 0,
            "reasoning": (usage.completion_tokens_details and usage.completion_tokens_details.reasoning_tokens) or 0,
        }
        self.assertEqual(got, expected)

    def assert_status_error(self, error: openai.APIStatusError, status: int, code: str | None) -> None:
        self.assertEqual((error.status_code, error.code), (status, code), error)
        self.assertTrue(error.request_id)

    def assert_reader_left(self, received: Received, since: float) -> None:
        self.assertTrue(received.reader_left.wait(CANCEL_LIMIT_S), "the upstream call was not cancelled")
        self.assertLess(received.left_at - since, CANCEL_LIMIT_S)


def claude_usage(received: Received) -> dict:
    """What the scripted Anthropic reported, counted as OpenAI does."""
    usage = received.usage
    read, write = usage["cache_read_input_tokens"], usage["cache_creation_input_tokens"]
    prompt = usage["input_tokens"] + read + write
    return {
        "input": prompt,
        "output": usage["output_tokens"],
        "total": prompt + usage["output_tokens"],
        "read": read,
        "write": write,
        "reasoning": usage["output_tokens_details"]["thinking_tokens"],
    }


def ollama_usage(received: Received) -> dict:
    prompt, output = received.usage["prompt_eval_count"], received.usage["eval_count"]
    return {"input": prompt, "output": output, "total": prompt + output, "read": 0, "write": 0, "reasoning": 0}
