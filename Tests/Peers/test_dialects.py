"""An OpenAI client in front of upstreams of other dialects: what it must not notice.

The same tests for Anthropic's messages and Ollama's own chat, on scripted servers of both.
"""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor

import openai
from dialect_case import (
    CANCEL_LIMIT_S,
    CLAUDE_KEY,
    CLOCK,
    CLOCK_ARGUMENTS,
    PLAN,
    WEATHER,
    WEATHER_ARGUMENTS,
    DialectCase,
    Plan,
    claude_usage,
    ollama_usage,
    user,
)
from harness import GATEWAY_KEY
from scripted_upstream import Received, ScriptedUpstream


class Alike:
    """What a caller must not notice: the same for either upstream."""

    side: str

    @property
    def upstream(self) -> ScriptedUpstream:
        return getattr(self, self.side)

    def expected_usage(self, received: Received) -> dict:
        return claude_usage(received) if self.side == "claude" else ollama_usage(received)

    def test_a_chat_answer_arrives_whole(self) -> None:
        raw = self.ask_raw(f"{self.side}/echo")
        answer = raw.parse()
        choice = answer.choices[0]
        self.assertEqual((choice.message.content, choice.finish_reason), ("You said: one two three", "stop"))
        self.assertEqual((answer.object, choice.message.role, choice.index), ("chat.completion", "assistant", 0))
        self.assertIsNone(choice.message.tool_calls)
        self.assertGreater(answer.created, 1_700_000_000)
        self.assertTrue(answer.id)
        self.assert_usage(answer.usage, self.expected_usage(self.upstream.only_request()))
        self.assertEqual((raw.headers["x-provider"], raw.headers["x-gateway-model"]), (self.side, "echo"))
        self.assertEqual(self.dropped(raw), set())

    def test_a_stream_carries_usage_when_asked(self) -> None:
        chunks = list(self.ask(f"{self.side}/echo", stream=True, stream_options={"include_usage": True}))
        self.assertEqual(self.stream_text(chunks), "You said: one two three")
        self.assertEqual(chunks[0].choices[0].delta.role, "assistant")
        self.assertEqual([c.choices[0].finish_reason for c in chunks if c.choices][-1], "stop")
        self.assertEqual(sum(1 for c in chunks if c.choices and c.choices[0].finish_reason), 1)
        self.assertEqual(chunks[-1].choices, [])
        self.assert_usage(chunks[-1].usage, self.expected_usage(self.upstream.only_request()))
        self.assertEqual([c.usage for c in chunks[:-1] if c.usage is not None], [])
        self.assertEqual(len({(c.id, c.created, c.model) for c in chunks}), 1)
        self.assertGreater(len(chunks), 5, "a chunk a word")

    def test_a_stream_without_the_wish_carries_no_usage_and_ends_with_done(self) -> None:
        body = {"model": f"{self.side}/echo", "messages": user("hi"), "stream": True}
        answer = self.martlet.request("POST", "/v1/chat/completions", body)
        self.assertEqual(answer.headers["content-type"].split(";")[0], "text/event-stream")
        self.assertEqual(answer.events[-1], "[DONE]")
        chunks = [json.loads(event) for event in answer.events[:-1]]
        self.assertEqual([chunk for chunk in chunks if chunk.get("usage") or not chunk["choices"]], [])

    def test_tools_take_two_turns(self) -> None:
        messages = user("what is the weather")
        first = self.ask(f"{self.side}/echo", messages, tools=[WEATHER, CLOCK]).choices[0]
        self.assertEqual((first.finish_reason, len(first.message.tool_calls)), ("tool_calls", 1))
        self.assertFalse(first.message.content)
        call = first.message.tool_calls[0]
        self.assertEqual((call.type, call.function.name), ("function", "get_weather"))
        self.assertEqual(json.loads(call.function.arguments), WEATHER_ARGUMENTS)
        messages += [first.message, {"role": "tool", "tool_call_id": call.id, "content": "sunny, 21 °C"}]
        second = self.ask(f"{self.side}/echo", messages, tools=[WEATHER, CLOCK]).choices[0]
        said = "sunny, 21 °C" if self.side == "claude" else "get_weather=sunny, 21 °C"
        self.assertEqual((second.message.content, second.finish_reason), (f"The tools said: {said}", "stop"))
        self.assertEqual(len(self.upstream.received), 2)

    def test_parallel_calls_and_their_results_keep_ids_and_order(self) -> None:
        for stream in (False, True):
            messages = user("weather and time")
            if stream:
                with self.client.chat.completions.stream(
                    model=f"{self.side}/parallel", messages=messages, tools=[WEATHER, CLOCK]
                ) as opened:
                    opened.until_done()
                    first = opened.get_final_completion().choices[0]
            else:
                first = self.ask(f"{self.side}/parallel", messages, tools=[WEATHER, CLOCK]).choices[0]
            self.assertEqual(first.finish_reason, "tool_calls")
            calls = first.message.tool_calls
            self.assertEqual([call.function.name for call in calls], ["get_weather", "get_time"])
            arguments = [json.loads(call.function.arguments) for call in calls]
            self.assertEqual(arguments, [WEATHER_ARGUMENTS, CLOCK_ARGUMENTS])
            self.assertEqual(len({call.id for call in calls}), 2)
            # Results in the wrong order, each in a message of its own, and the user's next words behind them.
            messages.append(first.message.model_dump(exclude_none=True, exclude={"parsed"}))
            for call in messages[-1]["tool_calls"]:
                call["function"].pop("parsed_arguments", None)
            messages.append({"role": "tool", "tool_call_id": calls[1].id, "content": "noon"})
            messages.append({"role": "tool", "tool_call_id": calls[0].id, "content": "sunny"})
            second = self.ask(f"{self.side}/parallel", messages, tools=[WEATHER, CLOCK]).choices[0]
            said = "sunny | noon" if self.side == "claude" else "get_weather=sunny | get_time=noon"
            self.assertEqual(second.message.content, f"The tools said: {said}")

    def test_a_streamed_call_is_put_together(self) -> None:
        chunks = list(self.ask(f"{self.side}/parallel", "both", tools=[WEATHER, CLOCK], stream=True))
        pieces = [call for c in chunks for call in c.choices[0].delta.tool_calls or []]
        self.assertEqual(sorted({piece.index for piece in pieces}), [0, 1])
        for index, (name, arguments) in enumerate(
            [("get_weather", WEATHER_ARGUMENTS), ("get_time", CLOCK_ARGUMENTS)]
        ):
            own = [piece for piece in pieces if piece.index == index]
            self.assertEqual((own[0].function.name, own[0].type), (name, "function"))
            self.assertEqual([piece.id for piece in own[1:] if piece.id], [])
            self.assertEqual(json.loads("".join(p.function.arguments or "" for p in own)), arguments)
        self.assertEqual(chunks[-1].choices[0].finish_reason, "tool_calls")

    def test_structured_output_is_parsed(self) -> None:
        answer = self.client.chat.completions.parse(
            model=f"{self.side}/echo", messages=user("three steps"), response_format=Plan
        )
        self.assertEqual(answer.choices[0].message.parsed, PLAN)
        with self.client.chat.completions.stream(
            model=f"{self.side}/echo", messages=user("three steps"), response_format=Plan
        ) as stream:
            stream.until_done()
            self.assertEqual(stream.get_final_completion().choices[0].message.parsed, PLAN)

    def test_a_limit_of_tokens_is_kept_and_told(self) -> None:
        for name in ("max_tokens", "max_completion_tokens"):
            choice = self.ask(f"{self.side}/echo", **{name: 3}).choices[0]
            self.assertEqual((choice.message.content.strip(), choice.finish_reason), ("You said: one", "length"))
        chunks = list(self.ask(f"{self.side}/echo", max_tokens=3, stream=True))
        self.assertEqual(chunks[-1].choices[0].finish_reason, "length")

    def test_a_stop_text_ends_the_answer(self) -> None:
        for stop in ("two", ["nothing", "two"]):
            choice = self.ask(f"{self.side}/echo", stop=stop).choices[0]
            self.assertEqual((choice.message.content, choice.finish_reason), ("You said: one ", "stop"))

    def test_several_answers_are_refused(self) -> None:
        for stream in (False, True):
            with self.assertRaises(openai.BadRequestError) as raised:
                self.ask(f"{self.side}/echo", n=2, stream=stream)
            self.assert_status_error(raised.exception, 400, "unsupported_parameter")
            self.assertEqual((raised.exception.param, raised.exception.type), ("n", "invalid_request_error"))
        self.assertEqual(self.upstream.received, [])

    def test_a_silent_upstream_is_a_timeout(self) -> None:
        for stream in (False, True):
            self.upstream.forget()
            with self.assertRaises(openai.InternalServerError) as raised:
                self.ask(f"{self.side}/slow", stream=stream)
            self.assert_status_error(raised.exception, 504, "provider_timeout")
            self.assertTrue(self.upstream.only_request().reader_left.wait(CANCEL_LIMIT_S))

    def test_a_cut_stream_never_looks_complete(self) -> None:
        texts = []
        with self.assertRaises(openai.APIError) as raised:
            for chunk in self.ask(f"{self.side}/cut", stream=True):
                self.assertIsNone(chunk.choices[0].finish_reason)
                texts.append(chunk.choices[0].delta.content or "")
        self.assertEqual("".join(texts), "You said: ")
        self.assertEqual(raised.exception.code, "stream_interrupted")
        self.assertEqual(len(self.upstream.received), 1)

    def test_a_cut_answer_is_a_bad_gateway(self) -> None:
        with self.assertRaises(openai.InternalServerError) as raised:
            self.ask(f"{self.side}/cut")
        self.assert_status_error(raised.exception, 502, "provider_error")

    def test_an_error_inside_a_stream_ends_it_without_done(self) -> None:
        name = "overloaded" if self.side == "claude" else "broken"
        body = {"model": f"{self.side}/{name}", "messages": user("one two three"), "stream": True}
        answer = self.martlet.request("POST", "/v1/chat/completions", body)
        self.assertEqual(answer.status, 200, answer)
        self.assertNotIn("[DONE]", answer.events)
        chunks = [json.loads(event) for event in answer.events]
        self.assertEqual(set(chunks[-1]), {"error"})
        error = chunks[-1]["error"]
        self.assertEqual((error["type"], error["code"]), ("server_error", "stream_interrupted"))
        self.assertEqual([c for c in chunks[:-1] if c["choices"][0].get("finish_reason")], [])
        texts = []
        with self.assertRaises(openai.APIError):
            for chunk in self.ask(f"{self.side}/{name}", stream=True):
                texts.append(chunk.choices[0].delta.content or "")
        self.assertEqual("".join(texts), "You said: ")

    def test_closing_a_stream_ends_the_upstream_call(self) -> None:
        stream = self.ask(f"{self.side}/endless", stream=True)
        for _ in range(3):
            next(stream)
        closed = time.monotonic()
        stream.close()
        self.assert_reader_left(self.upstream.only_request(), closed)

    def test_giving_up_before_the_answer_ends_the_upstream_call(self) -> None:
        with self.assertRaises(openai.APITimeoutError):
            hasty = self.client.with_options(timeout=0.3)
            hasty.chat.completions.create(model=f"{self.side}/slow", messages=user("go"))
        self.assertTrue(self.upstream.only_request().reader_left.wait(0.5), "the upstream call was not cancelled")

    def test_calls_side_by_side_do_not_mix(self) -> None:
        def ask(number: int) -> tuple[str, str]:
            whole = self.ask(f"{self.side}/echo", f"request {number}").choices[0].message.content
            return whole, self.stream_text(list(self.ask(f"{self.side}/echo", f"request {number}", stream=True)))

        with ThreadPoolExecutor(8) as threads:
            answers = list(threads.map(ask, range(32)))
        self.assertEqual(answers, [(f"You said: request {number}",) * 2 for number in range(32)])

    def test_one_client_connection_needs_one_upstream_connection(self) -> None:
        for turn in range(50):
            self.ask(f"{self.side}/echo", f"turn {turn}")
        self.assertEqual(len({received.peer for received in self.upstream.received}), 1)

    def test_streams_after_one_another_use_the_same_connections_again(self) -> None:
        for turn in range(50):
            list(self.ask(f"{self.side}/echo", f"turn {turn}", stream=True))
        # The caller has its last event before the upstream's body ends, so that the next call may need a second one.
        self.assertLessEqual(len({received.peer for received in self.upstream.received}), 2)

    def test_no_key_of_the_caller_or_of_the_gateway_goes_astray(self) -> None:
        self.ask(f"{self.side}/echo", extra_headers={"x-api-key": GATEWAY_KEY, "X-Gateway-Tag-team": "search"})
        headers = self.upstream.only_request().headers
        self.assertEqual([n for n, v in headers.items() if GATEWAY_KEY in v or n.startswith("x-gateway")], [])
        self.assertEqual(headers.get("x-api-key"), CLAUDE_KEY if self.side == "claude" else None)
        self.assertNotIn("authorization", headers)


class ThroughAnthropic(Alike, DialectCase):
    side = "claude"


class ThroughOllama(Alike, DialectCase):
    side = "ollama"
