"""What the tests of Bedrock share: the scripted service, one gateway in front of it, and the clients of three makers."""

from __future__ import annotations

import json
import unittest

import boto3
from anthropic import Anthropic
from botocore.config import Config
from harness import GATEWAY_KEY, Martlet
from openai import OpenAI
from scripted_bedrock import KEY, ScriptedBedrock
from scripted_upstream import Received

CLAUDE = "us.anthropic.claude-sonnet-4-5"
NOVA = "amazon.nova-pro"
LLAMA = "meta.llama3-3-70b-instruct"
ARN = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.amazon.nova-lite"
SCRIPTS = (
    "echo parallel bare thinker redacted cached window guarded filtered throttled broken refused denied missing gone "
    "timeout corrupt cut endless"
).split()
INVOKED = f"{CLAUDE}-20250929-v1:0"
EMBEDDERS = ("amazon.titan-embed-text-v2:0", "cohere.embed-english-v3", "cohere.embed-v4:0")


def account(name: str, base_url: str) -> str:
    return f'[gateway.providers.{name}]\ntype = "aws_bedrock"\nregion = "us-east-1"\nbase_url = "{base_url}"'


def model(name: str, account: str, upstream: str) -> str:
    lines = [f'[models."{name}"]', f'routing = ["{account}"]', f'[models."{name}".providers.{account}]']
    return "\n".join([*lines, f'model_name = "{upstream}"'])


class BedrockCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.bedrock = cls.enterClassContext(ScriptedBedrock())
        parts = ["version = 1", account("bedrock", cls.bedrock.base_url)]
        for name, prefix in (("claude", CLAUDE), ("nova", NOVA), ("llama", LLAMA), ("arn", ARN)):
            for script in SCRIPTS:
                own = "bedrock"
                if script in ("throttled", "broken", "denied", "gone", "timeout", "corrupt", "cut"):
                    # Those that fail have accounts of their own, so that what is learned about one stays there.
                    own = f"{name}_{script}"
                    parts.append(account(own, cls.bedrock.base_url))
                parts.append(model(f"{name}/{script}", own, f"{prefix}-{script}"))
        parts.append(model("invoked", "bedrock", INVOKED))
        parts += [model(f"vectors/{name}", "bedrock", name) for name in EMBEDDERS]
        config = "\n".join(parts) + "\n"
        cls.martlet = cls.enterClassContext(Martlet(config, {"AWS_BEARER_TOKEN_BEDROCK": KEY}))
        cls.client = cls.enterClassContext(
            OpenAI(base_url=f"{cls.martlet.url}/v1", api_key=GATEWAY_KEY, timeout=20, max_retries=0)
        )
        cls.anthropic = cls.enterClassContext(
            Anthropic(base_url=cls.martlet.url, api_key=GATEWAY_KEY, timeout=20, max_retries=0)
        )
        cls.boto = boto3.client(
            "bedrock-runtime",
            endpoint_url=cls.bedrock.base_url,
            region_name="us-east-1",
            aws_access_key_id="AKIDEXAMPLE",
            aws_secret_access_key="not a secret",
            config=Config(retries={"max_attempts": 0}),
        )

    def setUp(self) -> None:
        self.bedrock.forget()

    def sent(self) -> dict:
        return self.bedrock.only_request().json

    def ask(self, name: str, messages: list | str = "one two three", **more):
        messages = [{"role": "user", "content": messages}] if isinstance(messages, str) else messages
        return self.client.chat.completions.create(model=name, messages=messages, **more)

    def ask_raw(self, name: str, messages: list | str = "one two three", **more):
        messages = [{"role": "user", "content": messages}] if isinstance(messages, str) else messages
        return self.client.chat.completions.with_raw_response.create(model=name, messages=messages, **more)

    def dropped(self, raw) -> set[str]:
        return {name for name in raw.headers.get("x-gateway-dropped", "").split(", ") if name}


def usage_of(received: Received) -> dict:
    """What the scripted Bedrock reported, counted as OpenAI does."""
    usage = received.usage
    read, write = usage["cacheReadInputTokens"], usage["cacheWriteInputTokens"]
    prompt = usage["inputTokens"] + read + write
    return {"input": prompt, "output": usage["outputTokens"], "read": read, "write": write}


def openai_usage(usage) -> dict:
    details = usage.prompt_tokens_details
    return {
        "input": usage.prompt_tokens,
        "output": usage.completion_tokens,
        "read": (details and details.cached_tokens) or 0,
        "write": (details and getattr(details, "cache_write_tokens", 0)) or 0,
    }


def text_of(chunks: list) -> str:
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


def calls_of(chunks: list) -> list[dict]:
    """Puts the pieces of streamed calls together, as a client does."""
    calls: dict[int, dict] = {}
    for chunk in chunks:
        for piece in (chunk.choices[0].delta.tool_calls or []) if chunk.choices else []:
            call = calls.setdefault(piece.index, {"id": None, "name": None, "arguments": ""})
            call["id"] = call["id"] or piece.id
            call["name"] = call["name"] or piece.function.name
            call["arguments"] += piece.function.arguments or ""
    return [call | {"arguments": json.loads(call["arguments"])} for _, call in sorted(calls.items())]
