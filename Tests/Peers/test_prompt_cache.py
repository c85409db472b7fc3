"""Marks of Anthropic's prompt cache that the gateway sets, as the scripted Anthropic receives them.

Asked by both official SDKs, over the turns of a conversation.
"""

from __future__ import annotations

import copy
import json
import unittest

from anthropic import Anthropic
from dialect_case import CLAUDE_KEY, WEATHER, account, model
from harness import GATEWAY_KEY, Martlet
from openai import OpenAI
from scripted_anthropic import ScriptedAnthropic

MARK = {"type": "ephemeral"}
LONG = "word " * 5000
TURNS = 4


def marks(value) -> int:
    """How many marks stand anywhere in a body."""
    if isinstance(value, dict):
        return ("cache_control" in value) + sum(marks(item) for item in value.values())
    return sum(marks(item) for item in value) if isinstance(value, list) else 0


def plain(value):
    """A body without marks, its plain texts as the blocks they stand for."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    if not isinstance(value, dict):
        return value
    out = {key: plain(item) for key, item in value.items() if key != "cache_control"}
    for key in ("content", "system"):
        if isinstance(out.get(key), str):
            out[key] = [{"type": "text", "text": out[key]}]
    return out


def prefix(body: dict) -> str:
    """All that the next turn begins with, as the bytes a cache would compare."""
    body = plain(body)
    return json.dumps([body.get("tools"), body.get("system")]) + "".join(json.dumps(m) for m in body["messages"])


class PromptCache(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.claude = cls.enterClassContext(ScriptedAnthropic(CLAUDE_KEY))
        parts = ["version = 1"]
        for mode in ("off", "system", "auto"):
            more = f'prompt_cache = "{mode}"'
            parts.append(account(mode, "anthropic", cls.claude.base_url, "env::CLAUDE_KEY", more))
            parts.append(model(f"{mode}-model", {mode: "echo"}))
        env = {"CLAUDE_KEY": CLAUDE_KEY}
        cls.martlet = cls.enterClassContext(Martlet("\n".join(parts) + "\n", env))
        cls.openai = cls.enterClassContext(
            OpenAI(base_url=f"{cls.martlet.url}/v1", api_key=GATEWAY_KEY, timeout=20, max_retries=0)
        )
        cls.anthropic = cls.enterClassContext(
            Anthropic(base_url=cls.martlet.url, api_key=GATEWAY_KEY, timeout=20, max_retries=0)
        )

    def setUp(self) -> None:
        self.claude.forget()

    def converse_openai(self, mode: str) -> list[dict]:
        """The bodies that arrive over the turns of a conversation with a system text and a tool."""
        messages: list[dict] = [{"role": "system", "content": LONG}]
        tool = copy.deepcopy(WEATHER)
        tool["function"]["description"] = LONG
        for turn in range(TURNS):
            messages.append({"role": "user", "content": f"question {turn} {LONG}"})
            answer = self.openai.chat.completions.create(
                model=f"{mode}-model", messages=messages, tools=[tool], tool_choice="none"
            )
            messages.append({"role": "assistant", "content": answer.choices[0].message.content or "nothing"})
        return [received.json for received in self.claude.received]

    def converse_anthropic(self, mode: str) -> list[tuple[dict, dict]]:
        """What was sent and what arrived, over the turns of a conversation."""
        messages: list[dict] = []
        pairs = []
        for turn in range(TURNS):
            messages.append({"role": "user", "content": f"question {turn} {LONG}"})
            sent = {"model": f"{mode}-model", "max_tokens": 99, "system": LONG, "messages": copy.deepcopy(messages)}
            answer = self.anthropic.messages.create(**sent)
            pairs.append((sent, self.claude.received[-1].json))
            messages.append({"role": "assistant", "content": [block.model_dump() for block in answer.content]})
            messages[-1]["content"] = [
                {"type": "text", "text": block["text"]} for block in messages[-1]["content"] if block["type"] == "text"
            ]
        return pairs

    def test_a_translated_conversation_is_marked_and_begins_with_the_same_bytes(self) -> None:
        bodies = self.converse_openai("auto")
        self.assertEqual([marks(body) for body in bodies], [2, 4, 4, 4])
        for earlier, later in zip(bodies, bodies[1:]):
            self.assertTrue(prefix(later).startswith(prefix(earlier)))
            self.assertEqual(later["tools"], earlier["tools"])
            self.assertEqual(later["system"], earlier["system"])

    def test_the_other_modes(self) -> None:
        self.assertEqual([marks(body) for body in self.converse_openai("system")], [2] * TURNS)
        self.claude.forget()
        self.assertEqual([marks(body) for body in self.converse_openai("off")], [0] * TURNS)

    def test_an_anthropic_conversation_is_marked_and_says_the_same(self) -> None:
        pairs = self.converse_anthropic("auto")
        self.assertEqual([marks(body) for _, body in pairs], [1, 3, 3, 3])
        for sent, arrived in pairs:
            self.assertEqual(plain(arrived) | {"model": ""}, plain(sent) | {"model": ""})
        for (_, earlier), (_, later) in zip(pairs, pairs[1:]):
            self.assertTrue(prefix(later).startswith(prefix(earlier)))

    def test_a_callers_own_mark_stays_the_only_one(self) -> None:
        block = {"type": "text", "text": LONG, "cache_control": MARK}
        sent = {"model": "auto-model", "max_tokens": 99, "system": LONG}
        self.anthropic.messages.create(**sent, messages=[{"role": "user", "content": [block]}])
        self.openai.chat.completions.create(
            model="auto-model",
            messages=[{"role": "system", "content": LONG}, {"role": "user", "content": [block]}],
        )
        self.assertEqual([marks(received.json) for received in self.claude.received], [1, 1])


if __name__ == "__main__":
    unittest.main()
