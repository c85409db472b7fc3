"""Amazon Bedrock behind Martlet: asked by OpenAI's SDK, and judged by botocore on the way there.

The scripted service refuses what botocore's validator, or Bedrock itself, would refuse; boto3, asked directly, shows that
its bytes are those of Bedrock.
"""

from __future__ import annotations

import base64
import json
import time
import unittest

import openai
from bedrock_answers import CACHED
from bedrock_case import ARN, CLAUDE, BedrockCase, calls_of, openai_usage, text_of, usage_of
from botocore.exceptions import EventStreamError
from dialect_case import CLOCK, CLOCK_ARGUMENTS, PICTURE, PNG, WEATHER, WEATHER_ARGUMENTS, Step, user
from scripted_bedrock import ERRORS
from scripted_upstream import Received

MODELS = ("claude", "nova", "llama", "arn")
CANCEL_LIMIT_S = 1.0


class Botocore(BedrockCase):
    """The SDK of the service reads the scripted one's bytes."""

    def converse(self, script: str, **more) -> dict:
        messages = [{"role": "user", "content": [{"text": "one two three"}]}]
        return self.boto.converse(modelId=f"{CLAUDE}-{script}", messages=messages, **more)

    def stream(self, script: str, **more) -> list[dict]:
        messages = [{"role": "user", "content": [{"text": "one two three"}]}]
        return list(self.boto.converse_stream(modelId=f"{CLAUDE}-{script}", messages=messages, **more)["stream"])

    def test_an_answer_and_a_stream_say_the_same(self) -> None:
        whole = self.converse("echo")
        self.assertEqual(whole["output"]["message"]["content"], [{"text": "You said: one two three"}])
        events = self.stream("echo")
        deltas = [event["contentBlockDelta"]["delta"]["text"] for event in events if "contentBlockDelta" in event]
        self.assertEqual("".join(deltas), "You said: one two three")
        self.assertEqual(events[-1]["metadata"]["usage"], whole["usage"])

    def test_an_exception_in_a_stream_is_one_for_it(self) -> None:
        with self.assertRaises(EventStreamError) as raised:
            self.stream("throttled")
        self.assertIn("throttlingException", str(raised.exception))

    def test_errors_have_the_class_of_their_header(self) -> None:
        for script, (status, kind, message) in ERRORS.items():
            with self.subTest(script=script):
                with self.assertRaises(self.boto.exceptions.ClientError) as raised:
                    self.converse(script)
                response = raised.exception.response
                self.assertEqual(response["ResponseMetadata"]["HTTPStatusCode"], status)
                self.assertEqual((response["Error"]["Code"], response["Error"]["Message"]), (kind, message))


class ToBedrock(BedrockCase):
    def test_every_family_answers_whole_and_as_a_stream(self) -> None:
        for name in MODELS:
            with self.subTest(model=name):
                self.setUp()
                answer = self.ask(f"{name}/echo")
                self.assertEqual(answer.choices[0].message.content, "You said: one two three")
                self.assertEqual(answer.choices[0].finish_reason, "stop")
                self.assertEqual(openai_usage(answer.usage), usage_of(self.bedrock.only_request()))
            with self.subTest(model=name, stream=True):
                self.setUp()
                chunks = list(self.ask(f"{name}/echo", stream=True, stream_options={"include_usage": True}))
                self.assertEqual(text_of(chunks), "You said: one two three")
                self.assertEqual([c.choices[0].finish_reason for c in chunks if c.choices][-1], "stop")
                self.assertEqual(openai_usage(chunks[-1].usage), usage_of(self.bedrock.only_request()))

    def test_the_model_is_one_segment_of_the_path(self) -> None:
        self.ask("arn/echo")
        received = self.bedrock.only_request()
        encoded = ARN.replace(":", "%3A").replace("/", "%2F")
        self.assertEqual(received.path, f"/model/{encoded}-echo/converse")
        self.assertEqual(received.model, f"{ARN}-echo")
        self.assertNotIn("model", received.json)
        self.setUp()
        list(self.ask("arn/echo", stream=True))
        self.assertEqual(self.bedrock.only_request().path, f"/model/{encoded}-echo/converse-stream")

    def test_tools_go_around(self) -> None:
        for name in MODELS:
            for stream in (False, True):
                with self.subTest(model=name, stream=stream):
                    messages = user("weather and time?")
                    tools = [WEATHER, CLOCK]
                    if stream:
                        chunks = list(self.ask(f"{name}/parallel", messages, tools=tools, stream=True))
                        calls, text = calls_of(chunks), text_of(chunks)
                        reason = [c.choices[0].finish_reason for c in chunks if c.choices][-1]
                    else:
                        choice = self.ask(f"{name}/parallel", messages, tools=tools).choices[0]
                        text, reason = choice.message.content, choice.finish_reason
                        calls = [
                            {"id": c.id, "name": c.function.name, "arguments": json.loads(c.function.arguments)}
                            for c in choice.message.tool_calls
                        ]
                    self.assertEqual((text, reason), ("Looking.", "tool_calls"))
                    self.assertEqual([call["name"] for call in calls], ["get_weather", "get_time"])
                    self.assertEqual([call["arguments"] for call in calls], [WEATHER_ARGUMENTS, CLOCK_ARGUMENTS])
                    said = [
                        {
                            "id": call["id"],
                            "type": "function",
                            "function": {"name": call["name"], "arguments": json.dumps(call["arguments"])},
                        }
                        for call in calls
                    ]
                    messages += [{"role": "assistant", "content": text, "tool_calls": said}]
                    messages += [
                        {"role": "tool", "tool_call_id": call["id"], "content": f"{call['name']} is fine"}
                        for call in reversed(calls)
                    ]
                    answer = self.ask(f"{name}/parallel", messages, tools=tools).choices[0]
                    expected = "The tools said: get_weather is fine | get_time is fine"
                    self.assertEqual((answer.message.content, answer.finish_reason), (expected, "stop"))

    def test_a_call_without_input_has_empty_arguments(self) -> None:
        [call] = self.ask("nova/bare", tools=[WEATHER]).choices[0].message.tool_calls
        self.assertEqual(call.function.arguments, "{}")
        [streamed] = calls_of(list(self.ask("nova/bare", tools=[WEATHER], stream=True)))
        self.assertEqual(streamed["arguments"], {})

    def test_choices_of_tools_follow_the_family(self) -> None:
        named = {"type": "function", "function": {"name": "get_time"}}
        cases = [
            ("claude", "required", {"any": {}}, set()),
            ("claude", named, {"tool": {"name": "get_time"}}, set()),
            ("nova", named, {"tool": {"name": "get_time"}}, set()),
            ("llama", "required", None, {"tool_choice"}),
            ("llama", "auto", None, set()),
        ]
        for name, choice, sent, dropped in cases:
            with self.subTest(model=name, choice=choice):
                self.setUp()
                raw = self.ask_raw(f"{name}/echo", tools=[WEATHER, CLOCK], tool_choice=choice)
                self.assertEqual(self.sent()["toolConfig"].get("toolChoice"), sent)
                self.assertEqual(self.dropped(raw), dropped)

    def test_no_tool_is_called_where_none_may_be(self) -> None:
        raw = self.ask_raw("claude/echo", tools=[WEATHER], tool_choice="none")
        self.assertEqual(raw.parse().choices[0].message.content, "You said: one two three")
        self.assertEqual((self.dropped(raw), "toolConfig" in self.sent()), ({"tools"}, False))

    def test_one_call_at_a_time_is_said_in_claudes_words(self) -> None:
        choice = self.ask("claude/parallel", tools=[WEATHER, CLOCK], parallel_tool_calls=False).choices[0]
        self.assertEqual(len(choice.message.tool_calls), 1)
        expected = {"type": "auto", "disable_parallel_tool_use": True}
        self.assertEqual(self.sent()["additionalModelRequestFields"]["tool_choice"], expected)
        # Beside a choice the type stands there only: in both places the service refuses it.
        self.setUp()
        self.ask("claude/echo", tools=[WEATHER, CLOCK], tool_choice="required", parallel_tool_calls=False)
        self.assertEqual(self.sent()["toolConfig"]["toolChoice"], {"any": {}})
        expected = {"disable_parallel_tool_use": True}
        self.assertEqual(self.sent()["additionalModelRequestFields"]["tool_choice"], expected)
        self.setUp()
        raw = self.ask_raw("nova/parallel", tools=[WEATHER, CLOCK], parallel_tool_calls=False)
        self.assertEqual(self.dropped(raw), {"parallel_tool_calls"})

    def test_history_with_calls_but_no_tools_is_taken(self) -> None:
        call = {"id": "call.1/a", "type": "function", "function": {"name": "get time", "arguments": '{"zone":"UTC"}'}}
        messages = [
            *user("time?"),
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "call.1/a", "content": "noon"},
            {"role": "assistant", "content": "It is noon."},
            *user("thanks"),
        ]
        choice = self.ask("nova/echo", messages).choices[0]
        self.assertEqual((choice.message.content, choice.finish_reason), ("You said: thanks", "stop"))

    def test_pictures_and_documents_go_as_bytes(self) -> None:
        pdf = base64.b64encode(b"%PDF-1.4 nothing").decode()
        document = {"type": "file", "file": {"filename": "my  file_1.pdf", "file_data": f"data:application/pdf;base64,{pdf}"}}
        content = [PICTURE, document, document, {"type": "text", "text": "what is this"}]
        raw = self.ask_raw("nova/echo", [{"role": "user", "content": content}])
        image, first, second, text = self.sent()["messages"][0]["content"]
        self.assertEqual(image, {"image": {"format": "png", "source": {"bytes": PNG}}})
        self.assertEqual(first["document"], {"name": "my file-1-pdf", "format": "pdf", "source": {"bytes": pdf}})
        self.assertEqual(second["document"]["name"], "my file-1-pdf-2")
        self.assertEqual((text, self.dropped(raw)), ({"text": "what is this"}, set()))
        self.setUp()
        self.ask("nova/echo", [{"role": "user", "content": [document]}])

    def test_reasoning_is_shown_and_goes_back_with_its_signature(self) -> None:
        for script in ("thinker", "redacted"):
            for stream in (False, True):
                with self.subTest(script=script, stream=stream):
                    self.setUp()
                    blocks = []
                    if stream:
                        chunks = list(self.ask(f"claude/{script}", stream=True))
                        deltas = [chunk.choices[0].delta for chunk in chunks if chunk.choices]
                        for delta in deltas:
                            blocks += getattr(delta, "thinking_blocks", None) or []
                        reasoning = "".join(getattr(delta, "reasoning_content", None) or "" for delta in deltas)
                        text = text_of(chunks)
                    else:
                        message = self.ask(f"claude/{script}").choices[0].message
                        blocks = message.thinking_blocks
                        reasoning = getattr(message, "reasoning_content", None) or ""
                        text = message.content
                    self.assertEqual(reasoning, "I think about: one two three" if script == "thinker" else "")
                    self.setUp()
                    history = [*user("one two three"), {"role": "assistant", "content": text, "thinking_blocks": blocks}]
                    raw = self.ask_raw(f"claude/{script}", [*history, *user("go on")])
                    self.assertEqual(self.dropped(raw), set())
                    [first, _] = self.sent()["messages"][1]["content"]
                    kind = "reasoningText" if script == "thinker" else "redactedContent"
                    self.assertEqual(list(first["reasoningContent"]), [kind])

    def test_effort_is_said_in_the_words_of_the_family(self) -> None:
        self.ask("claude/echo", reasoning_effort="low", max_completion_tokens=8000)
        thinking = {"type": "enabled", "budget_tokens": 2048}
        self.assertEqual(self.sent()["additionalModelRequestFields"]["thinking"], thinking)
        self.setUp()
        raw = self.ask_raw("llama/echo", reasoning_effort="low")
        self.assertEqual(self.dropped(raw), {"reasoning_effort"})

    def test_sampling_and_limits_have_their_places(self) -> None:
        raw = self.ask_raw("nova/echo", temperature=1.5, top_p=0.5, max_tokens=2, stop=["never"], extra_body={"top_k": 7})
        self.assertEqual(raw.parse().choices[0].finish_reason, "length")
        sent = self.sent()
        expected = {"maxTokens": 2, "temperature": 1, "topP": 0.5, "stopSequences": ["never"]}
        self.assertEqual(sent["inferenceConfig"], expected)
        self.assertEqual(sent["additionalModelRequestFields"], {"inferenceConfig": {"topK": 7}})
        self.assertEqual(self.dropped(raw), {"temperature"})

    def test_the_services_own_fields_pass(self) -> None:
        guard = {"guardrailIdentifier": "abcdef123456", "guardrailVersion": "1", "trace": "enabled"}
        more = {
            "guardrailConfig": guard,
            "additionalModelRequestFields": {"top_k": 9},
            "performanceConfig": {"latency": "optimized"},
        }
        answer = self.ask("claude/guarded", extra_body=more, metadata={"team": "a b"}, service_tier="flex")
        sent = self.sent()
        self.assertEqual({name: sent[name] for name in more}, more)
        self.assertEqual((sent["requestMetadata"], sent["serviceTier"]), ({"team": "a b"}, {"type": "flex"}))
        self.assertEqual(answer.choices[0].finish_reason, "content_filter")
        self.assertEqual(answer.trace, {"guardrail": {"modelOutput": ["It was changed."]}})

    def test_cache_marks_become_points_behind_their_blocks(self) -> None:
        mark = {"cache_control": {"type": "ephemeral"}}
        messages = [
            {"role": "system", "content": [{"type": "text", "text": "Be brief."} | mark]},
            {"role": "user", "content": [{"type": "text", "text": "hello"} | mark]},
        ]
        for stream in (False, True):
            with self.subTest(stream=stream):
                self.setUp()
                if stream:
                    more = {"stream": True, "stream_options": {"include_usage": True}}
                    usage = list(self.ask("claude/cached", messages, **more))[-1].usage
                else:
                    usage = self.ask("claude/cached", messages).usage
                sent, point = self.sent(), {"cachePoint": {"type": "default"}}
                self.assertEqual(sent["system"], [{"text": "Be brief."}, point])
                self.assertEqual(sent["messages"][0]["content"], [{"text": "hello"}, point])
                expected = usage_of(self.bedrock.only_request())
                self.assertEqual((expected["read"], expected["write"]), (CACHED["read"], CACHED["write"]))
                self.assertEqual(openai_usage(usage), expected)
        self.setUp()
        raw = self.ask_raw("llama/echo", messages)
        self.assertEqual(self.dropped(raw), {"messages[0].content[0].cache_control", "messages[1].content[0].cache_control"})

    def test_a_schema_is_enforced_or_steered_to(self) -> None:
        for name in ("claude", "nova"):
            with self.subTest(model=name):
                answer = self.client.chat.completions.parse(
                    model=f"{name}/echo", messages=user("plan"), response_format=Step
                )
                self.assertEqual(answer.choices[0].message.parsed, Step(explanation="plain words", certain=True))
                self.assertEqual(answer.choices[0].finish_reason, "stop")

    def test_the_stop_text_that_was_met_is_told(self) -> None:
        answer = self.anthropic.messages.create(
            model="nova/echo", max_tokens=99, messages=user("one two three"), stop_sequences=["two"]
        )
        self.assertEqual((answer.stop_reason, answer.content[0].text), ("stop_sequence", "You said: one "))

    def test_what_cannot_be_carried_is_named(self) -> None:
        messages = [{"role": "user", "content": "hello", "name": "tester"}]
        raw = self.ask_raw(
            "nova/echo", messages, logit_bias={"17": -100}, seed=7, user="u-17", store=True, extra_body={"vendor": [1]}
        )
        expected = {"logit_bias", "seed", "user", "store", "vendor", "messages[0].name"}
        self.assertEqual(self.dropped(raw), expected)

    def test_reasons_to_stop_have_their_like(self) -> None:
        for script, reason in (("window", "length"), ("guarded", "content_filter"), ("filtered", "content_filter")):
            with self.subTest(script=script):
                self.assertEqual(self.ask(f"nova/{script}").choices[0].finish_reason, reason)
                chunks = [chunk for chunk in self.ask(f"nova/{script}", stream=True) if chunk.choices]
                self.assertEqual(chunks[-1].choices[0].finish_reason, reason)

    def test_errors_become_those_of_the_callers_api(self) -> None:
        cases = [("refused", 400, "context_length_exceeded"), ("missing", 404, None), ("throttled", 429, None)]
        for script, status, code in cases:
            with self.subTest(script=script):
                with self.assertRaises(openai.APIStatusError) as raised:
                    self.ask(f"nova/{script}")
                self.assertEqual(raised.exception.status_code, status)
                self.assertIn(ERRORS[script][2], raised.exception.message)
                if code:
                    self.assertEqual(raised.exception.code, code)
                else:
                    # OpenAI's word for the kind, and the service's own for what it was.
                    expected = "rate_limit_error" if status == 429 else "invalid_request_error"
                    self.assertEqual((raised.exception.type, raised.exception.code), (expected, ERRORS[script][1]))
        for script in ("denied", "gone", "timeout"):
            with self.subTest(script=script):
                with self.assertRaises(openai.APIStatusError) as raised:
                    self.ask(f"nova/{script}")
                self.assertIn(raised.exception.status_code, (502, 504))
                self.assertNotIn(ERRORS[script][2], raised.exception.message)

    def test_a_stream_that_breaks_says_so(self) -> None:
        for script in ("throttled", "broken", "corrupt", "cut"):
            with self.subTest(script=script):
                seen = []
                with self.assertRaises(openai.APIError):
                    for chunk in self.ask(f"nova/{script}", stream=True):
                        seen.append(chunk)
                self.assertEqual(text_of(seen), "You said: ")
                self.assertFalse(any(chunk.choices[0].finish_reason for chunk in seen if chunk.choices))

    def test_a_caller_who_leaves_ends_the_call(self) -> None:
        stream = self.ask("nova/endless", stream=True)
        next(iter(stream))
        received: Received = self.bedrock.only_request()
        since = time.monotonic()
        stream.close()
        self.assertTrue(received.reader_left.wait(CANCEL_LIMIT_S), "the upstream call was not cancelled")

    def test_the_callers_key_stays_here(self) -> None:
        self.ask("nova/echo")
        headers = self.bedrock.only_request().headers
        self.assertTrue(headers["authorization"].startswith("Bearer bedrock-api-key"))
        self.assertNotIn("x-api-key", headers)


if __name__ == "__main__":
    unittest.main()
