"""An OpenAI client in front of Anthropic's messages: what is sent, and what of the answer is told."""

from __future__ import annotations

import json

import openai
import pydantic
from anthropic_answers import EXPLANATION
from anthropic_rules import VERSIONS
from dialect_case import CLOCK, PICTURE, PNG, WEATHER, DialectCase, Step, claude_usage, tool, user


class ToAnthropic(DialectCase):
    def sent(self) -> dict:
        return self.claude.only_request().json

    def test_the_call_is_one_of_messages(self) -> None:
        self.ask("claude/echo")
        received = self.claude.only_request()
        self.assertEqual(received.path, "/v1/messages")
        self.assertIn(received.headers["anthropic-version"], VERSIONS)
        self.assertEqual(received.headers["content-type"].split(";")[0], "application/json")
        self.assertEqual((received.json["model"], received.json["max_tokens"] > 1000), ("echo", True))

    def test_system_messages_lead_and_later_ones_stay_in_place(self) -> None:
        messages = [
            {"role": "system", "content": "Be brief."},
            {"role": "developer", "content": [{"type": "text", "text": "Be kind."}]},
            {"role": "user", "content": "hello"},
            {"role": "assistant", "content": "hi"},
            {"role": "user", "content": "go on"},
            {"role": "system", "content": "Be slow."},
        ]
        for name in ("echo", "claude-sonnet-4-5", "claude-opus-5-1"):
            with self.subTest(model=name):
                self.setUp()
                self.ask(f"claude/{name}", messages)
                sent = self.sent()
                self.assertEqual([block["text"] for block in sent["system"]], ["Be brief.", "Be kind."])
                roles = ["user", "assistant", "user"] + (["system"] if name == "claude-opus-5-1" else [])
                self.assertEqual([message["role"] for message in sent["messages"]], roles)
                self.assertIn("Be slow.", json.dumps(sent["messages"][-1]))

    def test_a_picture_goes_as_data(self) -> None:
        content = [{"type": "text", "text": "what is this"}, PICTURE]
        self.ask("claude/echo", [{"role": "user", "content": content}])
        text, image = self.sent()["messages"][0]["content"]
        self.assertEqual(text, {"type": "text", "text": "what is this"})
        source = {"type": "base64", "media_type": "image/png", "data": PNG}
        self.assertEqual(image, {"type": "image", "source": source})

    def test_a_picture_by_address_goes_as_such(self) -> None:
        url = "https://example.com/cat.png"
        content = [{"type": "image_url", "image_url": {"url": url}}, {"type": "text", "text": "what is this"}]
        self.ask("claude/echo", [{"role": "user", "content": content}])
        self.assertEqual(self.sent()["messages"][0]["content"][0]["source"], {"type": "url", "url": url})

    def test_tools_can_be_forced_and_forbidden(self) -> None:
        named = {"type": "function", "function": {"name": "get_time"}}
        cases = [("auto", "auto", "get_weather"), ("required", "any", "get_weather"), (named, "tool", "get_time")]
        for choice, kind, called in cases:
            with self.subTest(choice=choice):
                self.setUp()
                answer = self.ask("claude/echo", tools=[WEATHER, CLOCK], tool_choice=choice).choices[0]
                self.assertEqual(answer.message.tool_calls[0].function.name, called)
                self.assertEqual(self.sent()["tool_choice"]["type"], kind)
        self.setUp()
        answer = self.ask("claude/echo", tools=[WEATHER], tool_choice="none").choices[0]
        self.assertEqual((answer.message.content, answer.finish_reason), ("You said: one two three", "stop"))
        self.setUp()
        alone = self.ask("claude/parallel", tools=[WEATHER, CLOCK], parallel_tool_calls=False).choices[0]
        self.assertEqual(len(alone.message.tool_calls), 1)
        self.assertEqual(self.sent()["tool_choice"], {"type": "auto", "disable_parallel_tool_use": True})

    def test_words_before_calls_are_kept(self) -> None:
        choice = self.ask("claude/parallel", tools=[WEATHER, CLOCK]).choices[0]
        self.assertEqual((choice.message.content, len(choice.message.tool_calls)), ("Looking.", 2))

    def test_a_call_without_input_has_empty_arguments(self) -> None:
        [call] = self.ask("claude/bare-call", tools=[WEATHER]).choices[0].message.tool_calls
        self.assertEqual(call.function.arguments, "{}")
        chunks = list(self.ask("claude/bare-call", tools=[WEATHER], stream=True))
        pieces = [call for c in chunks for call in c.choices[0].delta.tool_calls or []]
        self.assertEqual("".join(piece.function.arguments or "" for piece in pieces), "{}")

    def test_names_that_the_upstream_does_not_take_come_back_as_they_were(self) -> None:
        odd = tool("office.weather:now", city="string")
        for stream in (False, True):
            with self.subTest(stream=stream):
                self.setUp()
                if stream:
                    chunks = list(self.ask("claude/echo", tools=[odd], stream=True))
                    calls = [call for c in chunks for call in c.choices[0].delta.tool_calls or []]
                else:
                    calls = self.ask("claude/echo", tools=[odd]).choices[0].message.tool_calls
                self.assertEqual(calls[0].function.name, "office.weather:now")
                self.assertRegex(self.sent()["tools"][0]["name"], r"^[A-Za-z0-9_-]{1,128}$")

    def test_history_with_calls_but_no_tools_is_taken(self) -> None:
        call = {"id": "call.1/a", "type": "function", "function": {"name": "get_time", "arguments": '{"zone":"UTC"}'}}
        messages = [
            *user("time?"),
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "call.1/a", "content": "noon"},
            {"role": "assistant", "content": "It is noon."},
            *user("thanks"),
        ]
        choice = self.ask("claude/echo", messages).choices[0]
        self.assertEqual((choice.message.content, choice.finish_reason), ("You said: thanks", "stop"))

    def test_a_result_in_parts_and_a_missing_result(self) -> None:
        calls = [
            {"id": f"call_{n}", "type": "function", "function": {"name": "get_time", "arguments": ""}} for n in (1, 2)
        ]
        parts = [{"type": "text", "text": "noon"}, {"type": "text", "text": "sharp"}]
        messages = [
            *user("time?"),
            {"role": "assistant", "content": "", "tool_calls": calls},
            {"role": "tool", "tool_call_id": "call_2", "content": parts},
            *user("well?"),
        ]
        choice = self.ask("claude/echo", messages, tools=[CLOCK]).choices[0]
        self.assertEqual(choice.message.content, "The tools said: failed: missing | noon sharp")

    def test_what_cannot_be_carried_is_named(self) -> None:
        messages = [{"role": "user", "content": "hello", "name": "tester"}]
        raw = self.ask_raw(
            "claude/echo",
            messages,
            logit_bias={"17": -100},
            seed=7,
            presence_penalty=0.5,
            frequency_penalty=0.5,
            temperature=1.5,
            store=True,
            verbosity="low",
            extra_body={"vendor": {"deep": [1]}},
        )
        expected = "logit_bias seed presence_penalty frequency_penalty temperature store verbosity vendor"
        self.assertEqual(self.dropped(raw), {*expected.split(), "messages[0].name"})
        self.assertEqual(self.sent()["temperature"], 1)
        self.setUp()
        raw = self.ask_raw("claude/echo", seed=7, stream=True)
        self.assertEqual(self.dropped(raw), {"seed"})
        self.assertTrue(list(raw.parse()))

    def test_sampling_follows_the_model(self) -> None:
        cases = [
            ("echo", {"temperature": 0.5, "top_p": 0.9}, set()),
            ("claude-sonnet-4-5", {"temperature": 0.5}, {"top_p"}),
            ("claude-opus-5-1", {}, {"temperature", "top_p"}),
        ]
        for name, sent, dropped in cases:
            with self.subTest(model=name):
                self.setUp()
                raw = self.ask_raw(f"claude/{name}", temperature=0.5, top_p=0.9)
                self.assertEqual(self.dropped(raw), dropped)
                got = self.sent()
                self.assertEqual({k: got[k] for k in ("temperature", "top_p") if k in got}, sent)

    def test_the_user_is_passed_unless_it_is_an_address(self) -> None:
        self.ask("claude/echo", user="u-17")
        self.assertEqual(self.sent()["metadata"], {"user_id": "u-17"})
        self.setUp()
        raw = self.ask_raw("claude/echo", user="someone@example.com")
        self.assertEqual((self.dropped(raw), "metadata" in self.sent()), ({"user"}, False))

    def test_what_must_not_be_left_out_is_refused(self) -> None:
        sound = {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}
        cases = [
            ({"logprobs": True}, "logprobs"),
            ({"modalities": ["text", "audio"], "audio": {"voice": "alloy", "format": "wav"}}, "modalities"),
            ({"messages": [{"role": "user", "content": [sound]}]}, "messages[0].content[0]"),
        ]
        for more, param in cases:
            with self.subTest(param=param), self.assertRaises(openai.BadRequestError) as raised:
                self.ask("claude/echo", **more)
            self.assert_status_error(raised.exception, 400, "unsupported_parameter")
            self.assertEqual(raised.exception.param, param)
        self.assertEqual(self.claude.received, [])

    def test_schemas_are_fitted_to_what_the_upstream_knows(self) -> None:
        class Odd(pydantic.BaseModel):
            size: int = pydantic.Field(ge=1, le=9)
            kind: str = pydantic.Field(pattern="^[a-z]+$", max_length=5)

        answer = self.client.chat.completions.parse(model="claude/echo", messages=user("odd"), response_format=Step)
        self.assertEqual(answer.choices[0].message.parsed, Step(explanation="plain words", certain=True))
        self.setUp()
        form = {"type": "json_schema", "json_schema": {"name": "odd", "schema": Odd.model_json_schema()}}
        answer = self.ask("claude/echo", response_format=form)
        self.assertEqual(set(json.loads(answer.choices[0].message.content)), {"size", "kind"})

    def test_json_without_a_schema_is_asked_for_in_words(self) -> None:
        # A stream, because a whole answer that is no JSON is asked for once more and then refused.
        list(self.ask("claude/echo", response_format={"type": "json_object"}, stream=True))
        self.assertIn("JSON", self.sent()["system"][0]["text"])

    def test_reasons_to_stop_have_their_like(self) -> None:
        for name, reason in (("window", "length"), ("pause", "stop"), ("refusal", "content_filter"), ("empty", "stop")):
            with self.subTest(model=name):
                self.assertEqual(self.ask(f"claude/{name}").choices[0].finish_reason, reason)
            with self.subTest(model=name, stream=True):
                chunks = list(self.ask(f"claude/{name}", stream=True))
                self.assertEqual(chunks[-1].choices[0].finish_reason, reason)

    def test_why_the_model_refused_reaches_the_caller(self) -> None:
        self.assertEqual(self.ask("claude/refusal").choices[0].message.refusal, EXPLANATION)
        chunks = list(self.ask("claude/refusal", stream=True))
        self.assertEqual("".join(c.choices[0].delta.refusal or "" for c in chunks if c.choices), EXPLANATION)

    def test_pings_comments_and_unknown_events_change_nothing(self) -> None:
        chunks = list(self.ask("claude/pings", stream=True))
        self.assertEqual(self.stream_text(chunks), "You said: one two three")
        self.assertEqual(chunks[-1].choices[0].finish_reason, "stop")

    def test_cached_tokens_are_inside_the_prompts(self) -> None:
        for stream in (False, True):
            with self.subTest(stream=stream):
                self.setUp()
                if stream:
                    more = {"stream": True, "stream_options": {"include_usage": True}}
                    usage = list(self.ask("claude/cached", **more))[-1].usage
                else:
                    usage = self.ask("claude/cached").usage
                expected = claude_usage(self.claude.only_request())
                self.assertEqual((expected["input"], expected["read"]), (3 + 2048 + 100, 2048))
                self.assert_usage(usage, expected)
