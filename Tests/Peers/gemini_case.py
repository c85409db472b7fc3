"""What the tests of Google's models share: one scripted Gemini behind one gateway, as AI Studio and as Vertex AI."""

from __future__ import annotations

import unittest

import anthropic
from dialect_case import model, user
from google import genai
from google.genai import types
from harness import GATEWAY_KEY, Martlet
from openai import OpenAI
from google_token import credential
from scripted_gemini import ScriptedGemini
from scripted_upstream import Received

GEMINI_KEY = "AIza-scripted-never-shown-to-clients"
ENDS = "parallel anonymous cached media grounded blocked safety starved broken cut refuse400".split()
ALONE = "badkey refuse429 daily refuse503 malformed".split()


def account(name: str, kind: str, base_url: str, key: str) -> str:
    return f'[gateway.providers.{name}]\ntype = "{kind}"\nbase_url = "{base_url}"\napi_key_location = "env::{key}"'


class GeminiCase(unittest.TestCase):
    """The models are called `g3`, `g2`, `g3-parallel` and so on; those of Vertex AI `v3` and so on."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.gemini = cls.enterClassContext(ScriptedGemini(GEMINI_KEY))
        env = {"GEMINI_KEY": GEMINI_KEY, "VERTEX_CREDENTIAL": credential(cls.gemini.root_url)}
        cls.martlet = cls.enterClassContext(Martlet(cls.configuration(), env))
        cls.client = cls.enterClassContext(
            OpenAI(base_url=f"{cls.martlet.url}/v1", api_key=GATEWAY_KEY, timeout=20, max_retries=0)
        )
        cls.anthropic = cls.enterClassContext(
            anthropic.Anthropic(base_url=cls.martlet.url, api_key=GATEWAY_KEY, timeout=20, max_retries=0)
        )
        cls.judge = genai.Client(
            api_key=GEMINI_KEY,
            http_options=types.HttpOptions(base_url=cls.gemini.root_url, api_version="v1beta"),
        )

    @classmethod
    def configuration(cls) -> str:
        parts = ["version = 1"]
        parts.append(account("studio", "gemini", cls.gemini.base_url, "GEMINI_KEY"))
        parts.append(account("vertex", "vertex", cls.gemini.vertex_url, "VERTEX_CREDENTIAL"))
        parts.append(model("g3", {"studio": "gemini-3.5-flash"}))
        parts.append(model("g2", {"studio": "gemini-2.5-flash"}))
        parts.append(model("g2-pro", {"studio": "gemini-2.5-pro"}))
        parts.append(model("v3", {"vertex": "gemini-3.5-flash"}))
        parts.append(model("embed", {"studio": "gemini-embedding-001"}))
        parts.append(model("embed-vertex", {"vertex": "gemini-embedding-001"}))
        parts.append(model("embed-text", {"vertex": "text-embedding-005"}))
        parts += [model(f"g3-{end}", {"studio": f"gemini-3.5-{end}"}) for end in ENDS]
        for end in ALONE:
            parts.append(account(f"own_{end}", "gemini", cls.gemini.base_url, "GEMINI_KEY"))
            parts.append(model(f"g3-{end}", {f"own_{end}": f"gemini-3.5-{end}"}))
        return "\n".join(parts) + "\n"

    def setUp(self) -> None:
        self.gemini.forget()

    def ask(self, name: str, messages: list | str = "one two three", **more):
        messages = user(messages) if isinstance(messages, str) else messages
        return self.client.chat.completions.create(model=name, messages=messages, **more)

    def ask_raw(self, name: str, messages: list | str = "one two three", **more):
        messages = user(messages) if isinstance(messages, str) else messages
        return self.client.chat.completions.with_raw_response.create(model=name, messages=messages, **more)

    def dropped(self, raw) -> set[str]:
        return {name for name in raw.headers.get("x-gateway-dropped", "").split(", ") if name}

    def sent(self) -> dict:
        return self.gemini.only_request().json

    def assert_usage(self, usage, received: Received) -> None:
        told = received.usage
        thoughts = told.get("thoughtsTokenCount", 0)
        prompt = told["promptTokenCount"] + told.get("toolUsePromptTokenCount", 0)
        output = told.get("candidatesTokenCount", 0) + thoughts
        got = (
            usage.prompt_tokens,
            usage.completion_tokens,
            usage.total_tokens,
            (usage.prompt_tokens_details and usage.prompt_tokens_details.cached_tokens) or 0,
            (usage.completion_tokens_details and usage.completion_tokens_details.reasoning_tokens) or 0,
        )
        expected = (prompt, output, prompt + output, told.get("cachedContentTokenCount", 0), thoughts)
        self.assertEqual(got, expected)
