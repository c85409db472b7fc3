"""Thinking of other dialects, and the seals on it, through an OpenAI client."""

from __future__ import annotations

import json

from anthropic_rules import REDACTED, signature_of
from dialect_case import WEATHER, WEATHER_ARGUMENTS, DialectCase, claude_usage, user
from scripted_ollama import THOUGHT


class Thinking(DialectCase):
    THOUGHT = "I think about: what is the weather"

    def two_turns(self, name: str, *, stream: bool, **more) -> tuple[dict, object]:
        """Asks, answers the call, and asks again with the first answer as the SDK keeps it."""
        messages = user("what is the weather")
        if stream:
            message = self.gather(list(self.ask(name, messages, tools=[WEATHER], stream=True, **more)))
        else:
            message = self.ask(name, messages, tools=[WEATHER], **more).choices[0].message
            message = message.model_dump(exclude_none=True)
        call = message["tool_calls"][0]
        self.assertEqual(json.loads(call["function"]["arguments"]), WEATHER_ARGUMENTS)
        messages += [message, {"role": "tool", "tool_call_id": call["id"], "content": "sunny"}]
        return message, self.ask_raw(name, messages, tools=[WEATHER], **more)

    def gather(self, chunks: list) -> dict:
        """Puts a streamed message together as clients do that know `thinking_blocks`."""
        message: dict = {"role": "assistant", "content": None, "reasoning_content": "", "thinking_blocks": []}
        calls: dict[int, dict] = {}
        for chunk in chunks:
            for choice in chunk.choices:
                delta = choice.delta
                extra = delta.model_extra or {}
                message["reasoning_content"] += extra.get("reasoning_content") or ""
                message["thinking_blocks"] += extra.get("thinking_blocks") or []
                if delta.content:
                    message["content"] = (message["content"] or "") + delta.content
                for piece in delta.tool_calls or []:
                    fresh = {"type": "function", "function": {"name": "", "arguments": ""}}
                    call = calls.setdefault(piece.index, fresh)
                    call |= {"id": piece.id} if piece.id else {}
                    call["function"]["name"] += piece.function.name or ""
                    call["function"]["arguments"] += piece.function.arguments or ""
        message["tool_calls"] = [calls[index] for index in sorted(calls)]
        return message

    def test_thinking_and_its_seal_survive_two_turns(self) -> None:
        for name in ("claude/echo", "claude/claude-opus-5-1", "claude/claude-sonnet-4-5"):
            for stream in (False, True):
                with self.subTest(model=name, stream=stream):
                    self.setUp()
                    message, raw = self.two_turns(name, stream=stream, reasoning_effort="low")
                    self.assertEqual(message["reasoning_content"], self.THOUGHT)
                    [block] = message["thinking_blocks"]
                    self.assertEqual(block["type"], "thinking")
                    sealed = (self.THOUGHT, signature_of(self.THOUGHT))
                    self.assertEqual((block["thinking"], block["signature"]), sealed)
                    self.assertEqual(raw.parse().choices[0].message.content, "The tools said: sunny")
                    self.assertEqual(self.dropped(raw), set())
                    replayed = self.claude.received[1].json["messages"][1]["content"]
                    self.assertEqual([part["type"] for part in replayed], ["thinking", "tool_use"])
                    kind = "adaptive" if "opus" in name else "enabled"
                    self.assertEqual(self.claude.received[1].json["thinking"]["type"], kind)

    def test_a_seal_without_text_and_a_block_nobody_can_read_survive(self) -> None:
        omitted = {"type": "thinking", "thinking": "", "signature": signature_of("")}
        for name, expected in (("omitted", omitted), ("redacted", {"type": "redacted_thinking", "data": REDACTED})):
            for stream in (False, True):
                with self.subTest(model=name, stream=stream):
                    self.setUp()
                    message, raw = self.two_turns(f"claude/{name}", stream=stream)
                    [block] = message["thinking_blocks"]
                    self.assertEqual({key: block.get(key) for key in expected}, expected)
                    self.assertEqual(raw.parse().choices[0].message.content, "The tools said: sunny")
                    self.assertEqual(self.claude.received[1].json["messages"][1]["content"][0], expected)

    def test_without_the_blocks_the_second_turn_is_taken_all_the_same(self) -> None:
        messages = user("what is the weather")
        first = self.ask("claude/echo", messages, tools=[WEATHER], reasoning_effort="low").choices[0].message
        call = first.tool_calls[0]
        kept = {"id": call.id, "type": "function", "function": call.function.model_dump()}
        messages.append({"role": "assistant", "content": None, "tool_calls": [kept]})
        messages.append({"role": "tool", "tool_call_id": call.id, "content": "sunny"})
        raw = self.ask_raw("claude/echo", messages, tools=[WEATHER], reasoning_effort="low")
        self.assertEqual(raw.parse().choices[0].message.content, "The tools said: sunny")
        self.assertEqual(self.dropped(raw), {"reasoning_effort"})

    def test_thinking_of_another_account_is_left_out_and_named(self) -> None:
        first = self.ask("claude/echo", "hello", reasoning_effort="low").choices[0].message
        messages = [*user("hello"), first.model_dump(exclude_none=True), *user("go on")]
        raw = self.ask_raw("thinking-elsewhere", messages)
        self.assertEqual(raw.parse().choices[0].message.content, "You said: go on")
        self.assertEqual(self.dropped(raw), {"messages[1].thinking_blocks"})
        self.assertNotIn("signature", json.dumps(self.claude.received[1].json))

    def test_thinking_tokens_are_told(self) -> None:
        answer = self.ask("claude/echo", "hello", reasoning_effort="high")
        self.assertGreater(answer.usage.completion_tokens_details.reasoning_tokens, 0)
        self.assert_usage(answer.usage, claude_usage(self.claude.only_request()))
        self.assertGreater(self.claude.only_request().json["max_tokens"], 16_384)

    def test_an_ollama_model_thinks_beside_its_answer(self) -> None:
        message = self.ask("ollama/thinker", "hello", reasoning_effort="high").choices[0].message
        self.assertEqual((message.content, message.model_extra["reasoning_content"]), ("You said: hello", THOUGHT))
        self.assertEqual(self.ollama.only_request().json["think"], "high")
        chunks = list(self.ask("ollama/thinker", "hello", stream=True))
        thought = "".join((c.choices[0].delta.model_extra or {}).get("reasoning_content") or "" for c in chunks)
        self.assertEqual((thought, self.stream_text(chunks)), (THOUGHT, "You said: hello"))
        self.setUp()
        quiet = self.ask("ollama/thinker", "hello", reasoning_effort="none").choices[0].message
        self.assertNotIn("reasoning_content", quiet.model_extra)
