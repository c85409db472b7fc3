"""The scripted Anthropic, asked by the official `anthropic` SDK itself.

So that what the other tests rest on has the shapes of the real API.
"""

from __future__ import annotations

import unittest

import anthropic
from anthropic import Anthropic
from anthropic_answers import CACHED, EXPLANATION
from dialect_case import CLAUDE_KEY, PLAN, WEATHER, Plan, user
from scripted_anthropic import ScriptedAnthropic


class Fixtures(unittest.TestCase):
    """The vendor's own client finds the scripted Anthropic to be the real thing."""

    TOOL = {"name": "get_weather", "input_schema": WEATHER["function"]["parameters"]}

    @classmethod
    def setUpClass(cls) -> None:
        cls.claude = cls.enterClassContext(ScriptedAnthropic(CLAUDE_KEY))
        cls.client = cls.enterClassContext(
            Anthropic(base_url=cls.claude.root_url, api_key=CLAUDE_KEY, max_retries=0, timeout=20)
        )

    def setUp(self) -> None:
        self.claude.forget()

    def ask(self, name: str, messages: list | str = "one two three", **more):
        messages = user(messages) if isinstance(messages, str) else messages
        return self.client.messages.create(model=name, max_tokens=4096, messages=messages, **more)

    def assert_known(self, message: anthropic.types.Message) -> None:
        """Whatever the server sends has a place in the vendor's types, and is of the right type."""
        anthropic.types.Message.model_validate(message.model_dump(), strict=False)
        self.assertEqual((message.model_extra or {}, message.usage.model_extra or {}), ({}, {}))
        for block in message.content:
            self.assertEqual(block.model_extra or {}, {})

    def test_messages_are_parsed(self) -> None:
        message = self.ask("echo")
        self.assert_known(message)
        self.assertEqual((message.content[0].text, message.stop_reason), ("You said: one two three", "end_turn"))
        self.assertEqual(self.ask("cached").usage.cache_read_input_tokens, CACHED["read"])
        for name in ("refusal", "pause", "window", "empty"):
            self.assert_known(self.ask(name))
        self.assertEqual(self.ask("refusal").stop_details.explanation, EXPLANATION)

    def test_the_stream_helper_builds_the_whole_message(self) -> None:
        for name in ("echo", "pings", "parallel", "cached", "omitted", "redacted", "refusal", "bare-call"):
            with self.subTest(model=name):
                more = {"tools": [self.TOOL]} if name in ("parallel", "bare-call") else {}
                with self.client.messages.stream(
                    model=name, max_tokens=4096, messages=user("one two"), **more
                ) as stream:
                    built = stream.get_final_message()
                self.assert_known(built)
                whole = self.ask(name, "one two", **more)
                self.assertEqual(built.to_dict()["content"], whole.to_dict()["content"])
                self.assertEqual(built.stop_reason, whole.stop_reason)
                self.assertEqual(built.usage.output_tokens, whole.usage.output_tokens)
                self.assertEqual(built.usage.cache_read_input_tokens, whole.usage.cache_read_input_tokens)

    def test_thinking_and_tools_take_two_turns(self) -> None:
        thinking = {"type": "enabled", "budget_tokens": 1024}
        messages = user("what is the weather")
        first = self.ask("echo", messages, tools=[self.TOOL], thinking=thinking)
        self.assert_known(first)
        self.assertEqual([block.type for block in first.content], ["thinking", "tool_use"])
        result = {"type": "tool_result", "tool_use_id": first.content[1].id, "content": "sunny"}
        messages += [{"role": "assistant", "content": first.content}, {"role": "user", "content": [result]}]
        second = self.ask("echo", messages, tools=[self.TOOL], thinking=thinking)
        self.assertEqual(second.content[-1].text, "The tools said: sunny")

    def test_structured_output_is_parsed(self) -> None:
        parsed = self.client.messages.parse(
            model="echo", max_tokens=4096, messages=user("three steps"), output_format=Plan
        )
        self.assertEqual(parsed.parsed_output, PLAN)

    def test_errors_are_of_their_classes(self) -> None:
        cases = [
            ("refuse-400", anthropic.BadRequestError, "invalid_request_error"),
            ("refuse-401", anthropic.AuthenticationError, "authentication_error"),
            ("refuse-404", anthropic.NotFoundError, "not_found_error"),
            ("refuse-429", anthropic.RateLimitError, "rate_limit_error"),
            ("refuse-500", anthropic.InternalServerError, "api_error"),
            ("refuse-529", anthropic.InternalServerError, "overloaded_error"),
        ]
        for name, kind, word in cases:
            with self.subTest(model=name), self.assertRaises(kind) as raised:
                self.ask(name)
            self.assertEqual((raised.exception.type, raised.exception.request_id), (word, "req_scripted"))
        with self.assertRaises(anthropic.APIStatusError) as raised:
            list(self.ask("overloaded", stream=True))
        self.assertEqual(raised.exception.type, "overloaded_error")

    def test_what_the_real_api_refuses_is_refused(self) -> None:
        call = {"type": "tool_use", "id": "toolu_1", "name": "get_weather", "input": {}}
        result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "sunny"}
        asked = [*user("hi"), {"role": "assistant", "content": [call]}]
        late = {"role": "user", "content": [{"type": "text", "text": "well"}, result]}
        forged = {"type": "thinking", "thinking": "mine", "signature": "forged"}
        tools = {"tools": [self.TOOL]}
        cases = {
            "an unknown member": (user("hi"), {"extra_body": {"seed": 1}}),
            "an empty text": (user(" "), {}),
            "an unknown role": ([{"role": "tool", "content": "hi"}], {}),
            "a call without a result": (asked + user("go on"), tools),
            "a result behind other words": ([*asked, late], tools),
            "a history of calls without tools": ([*asked, {"role": "user", "content": [result]}], {}),
            "a result without a call": ([{"role": "user", "content": [result]}], tools),
            "a forged seal": ([*user("hi"), {"role": "assistant", "content": [forged]}, *user("go")], {}),
            "a choice without tools": (user("hi"), {"tool_choice": {"type": "auto"}}),
            "forced tools and thinking": (
                user("hi"),
                tools | {"tool_choice": {"type": "any"}, "thinking": {"type": "enabled", "budget_tokens": 1024}},
            ),
            "a wrong version": (user("hi"), {"extra_headers": {"anthropic-version": "2020-01-01"}}),
        }
        for what, (messages, more) in cases.items():
            with self.subTest(what), self.assertRaises(anthropic.BadRequestError):
                self.ask("echo", messages, **more)
