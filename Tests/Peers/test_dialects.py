"""An OpenAI client in front of upstreams of other dialects: Anthropic's messages and Ollama's own chat.

Long because: one class of tests a concern, all on the same two scripted servers.

The official `openai` SDK asks through Martlet. The official `anthropic` SDK asks the scripted server itself, so that
what the other tests rest on has the shapes of the real API.
"""

from __future__ import annotations

import base64
import json
import struct
import time
import unittest
import zlib
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import anthropic
import openai
import pydantic
import scripted_anthropic
from anthropic import Anthropic
from harness import ADMIN_KEY, GATEWAY_KEY, Martlet, eventually
from openai import OpenAI
from scripted_anthropic import EXPLANATION, REDACTED, ScriptedAnthropic, signature_of
from scripted_ollama import THOUGHT, ScriptedOllama
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


class ToAnthropic(DialectCase):
    def sent(self) -> dict:
        return self.claude.only_request().json

    def test_the_call_is_one_of_messages(self) -> None:
        self.ask("claude/echo")
        received = self.claude.only_request()
        self.assertEqual(received.path, "/v1/messages")
        self.assertIn(received.headers["anthropic-version"], scripted_anthropic.VERSIONS)
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
        self.ask("claude/echo", response_format={"type": "json_object"})
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


class ToOllama(DialectCase):
    def sent(self) -> dict:
        return self.ollama.only_request().json

    def test_the_context_follows_the_prompt_and_nothing_is_cut_in_silence(self) -> None:
        self.ask("ollama/echo", "short")
        self.assertEqual(self.sent()["options"]["num_ctx"], 4096)
        self.assertEqual((self.sent()["truncate"], self.sent()["stream"]), (False, False))
        self.setUp()
        self.ask("ollama/echo", "word " * 20_000)
        self.assertGreaterEqual(self.sent()["options"]["num_ctx"], 20_000)

    def test_sampling_goes_into_the_options(self) -> None:
        raw = self.ask_raw("ollama/echo", temperature=0.5, top_p=0.9, seed=7, presence_penalty=0.25, max_tokens=9)
        options = self.sent()["options"]
        expected = {"temperature": 0.5, "top_p": 0.9, "seed": 7, "presence_penalty": 0.25, "num_predict": 9}
        self.assertEqual({name: options.get(name) for name in expected}, expected)
        self.assertEqual(self.dropped(raw), set())

    def test_what_cannot_be_carried_is_named(self) -> None:
        messages = [{"role": "user", "content": "hello", "name": "tester"}]
        raw = self.ask_raw(
            "ollama/echo", messages, logit_bias={"17": -100}, user="u-17", store=True, extra_body={"vendor": {"a": 1}}
        )
        self.assertEqual(self.dropped(raw), {"logit_bias", "user", "store", "vendor", "messages[0].name"})

    def test_a_choice_of_tools_is_kept_or_named(self) -> None:
        raw = self.ask_raw("ollama/echo", tools=[WEATHER], tool_choice="none")
        self.assertEqual(raw.parse().choices[0].message.content, "You said: one two three")
        raw = self.ask_raw("ollama/echo", tools=[WEATHER], tool_choice="required")
        self.assertEqual(self.dropped(raw), {"tool_choice"})
        raw = self.ask_raw("ollama/echo", tools=[WEATHER], tool_choice="auto")
        self.assertEqual(self.dropped(raw), set())

    def test_calls_without_ids_get_some(self) -> None:
        for stream in (False, True):
            with self.subTest(stream=stream):
                if stream:
                    chunks = list(self.ask("ollama/no-ids", tools=[WEATHER], stream=True))
                    call = next(call for c in chunks for call in c.choices[0].delta.tool_calls or [])
                else:
                    call = self.ask("ollama/no-ids", tools=[WEATHER]).choices[0].message.tool_calls[0]
                self.assertRegex(call.id, r"^\S+$")

    def test_a_picture_goes_as_bare_base64(self) -> None:
        self.ask("ollama/echo", [{"role": "user", "content": [{"type": "text", "text": "what is this"}, PICTURE]}])
        [message] = self.sent()["messages"]
        self.assertEqual((message["content"], message["images"]), ("what is this", [PNG]))

    def test_developers_speak_as_the_system(self) -> None:
        self.ask("ollama/echo", [{"role": "developer", "content": "Be brief."}, *user("hello")])
        self.assertEqual(self.sent()["messages"][0], {"role": "system", "content": "Be brief."})

    def test_json_without_a_schema(self) -> None:
        answer = self.ask("ollama/echo", response_format={"type": "json_object"})
        self.assertEqual(json.loads(answer.choices[0].message.content), {"answer": "plain words"})


class Failures(DialectCase):
    def fails(self, name: str, status: int, code: str | None, **more) -> openai.APIStatusError:
        with self.assertRaises(openai.APIStatusError) as raised:
            self.ask(name, **more)
        self.assert_status_error(raised.exception, status, code)
        self.assertEqual(set(raised.exception.response.json()["error"]), {"message", "type", "param", "code"})
        return raised.exception

    def test_a_prompt_that_is_too_long_is_told_by_its_code(self) -> None:
        for name in ("claude/refuse-400", "ollama/refuse-400"):
            for stream in (False, True):
                with self.subTest(model=name, stream=stream):
                    error = self.fails(name, 400, "context_length_exceeded", stream=stream)
                    self.assertEqual(error.type, "invalid_request_error")

    def test_a_model_the_upstream_does_not_have(self) -> None:
        for name in ("claude/refuse-404", "ollama/refuse-404"):
            with self.subTest(model=name):
                error = self.fails(name, 404, "model_not_found")
                self.assertIn("refuse-404", error.message)

    def test_a_refused_upstream_credential_is_the_gateways_failure(self) -> None:
        error = self.fails("claude/refuse-401", 502, "provider_auth_error")
        self.assertNotIn("sk-ant", error.response.text)
        self.assertEqual(len(self.claude.received), 1)

    def test_a_rate_limit_is_passed_with_its_wait(self) -> None:
        error = self.fails("claude/refuse-429", 429, "rate_limit_exceeded")
        self.assertIsInstance(error, openai.RateLimitError)
        self.assertIn(int(error.response.headers["retry-after"]), range(1, scripted_anthropic.RETRY_AFTER_S + 1))

    def test_an_overloaded_upstream_is_a_failure_of_the_provider(self) -> None:
        error = self.fails("claude/refuse-529", 502, "provider_error")
        self.assertEqual(error.type, "server_error")

    def test_a_failing_upstream_is_asked_twice(self) -> None:
        for side in ("claude", "ollama"):
            with self.subTest(upstream=side):
                self.setUp()
                self.fails(f"{side}/refuse-500", 502, "provider_error")
                self.assertEqual(len(getattr(self, side).received), 2)

    def test_a_full_queue_is_the_gateways_failure(self) -> None:
        with self.assertRaises(openai.InternalServerError) as raised:
            self.ask("ollama/refuse-503")
        self.assertIn(raised.exception.status_code, (502, 503))

    def test_a_capability_the_model_lacks_is_told(self) -> None:
        with self.assertRaises(openai.BadRequestError) as raised:
            self.ask("ollama/echo", reasoning_effort="high")
        self.assert_status_error(raised.exception, 400, "unsupported_parameter")


class Failover(DialectCase):
    def test_another_dialect_answers_when_the_first_provider_fails(self) -> None:
        cases = [
            ("to-openai", "openai", self.openai),
            ("to-claude", "claude", self.claude),
            ("to-ollama", "ollama", self.ollama),
            ("ollama-to-claude", "claude", self.claude),
        ]
        for name, provider, last in cases:
            for stream in (False, True):
                with self.subTest(model=name, stream=stream):
                    self.setUp()
                    raw = self.ask_raw(name, tools=[WEATHER], stream=stream, seed=7)
                    self.assertEqual(raw.headers["x-provider"], provider)
                    answer = raw.parse()
                    if stream:
                        pieces = [call for c in answer if c.choices for call in c.choices[0].delta.tool_calls or []]
                        arguments = "".join(piece.function.arguments or "" for piece in pieces)
                    else:
                        arguments = answer.choices[0].message.tool_calls[0].function.arguments
                    self.assertEqual(json.loads(arguments), WEATHER_ARGUMENTS)
                    self.assertEqual(len(last.received), 1)
                    self.assertEqual(self.dropped(raw), {"seed"} if provider == "claude" else set())
                    seen = sum(len(upstream.received) for upstream in (self.claude, self.ollama, self.openai))
                    self.assertEqual(raw.headers["x-gateway-attempts"], str(seen))

    def test_the_request_in_the_callers_dialect_stays_byte_for_byte(self) -> None:
        body = b'{ "model" : "to-openai","messages":[ {"role":"user","content":"\\u0068i"}], "vendor":1e2 }'
        answer = self.martlet.request("POST", "/v1/chat/completions", body)
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(self.openai.only_request().body, body.replace(b"to-openai", b"echo"))
        self.assertEqual(answer.body, self.openai.only_request().answer)


class Records(DialectCase):
    """The report of usage; each test looks at the rows of models that no other test of the class asks."""

    def row(self, name: str) -> dict:
        def found() -> dict | None:
            answer = self.martlet.request("GET", "/admin/usage", key=ADMIN_KEY)
            rows = [row for row in answer.json["data"] if row["model"] == name]
            return rows[0] if rows else None

        return eventually(found)

    def nano_usd(self, usage: dict) -> int:
        pico = {name: int(Decimal(price) * 10**6) for name, price in PRICES.items()}
        fresh = usage["input"] - usage["read"] - usage["write"]
        total = (
            fresh * pico["input"]
            + usage["read"] * pico["cache_read"]
            + usage["write"] * pico["cache_write"]
            + usage["output"] * pico["output"]
        )
        return (total + 500) // 1000

    def test_tokens_and_cost_are_exact(self) -> None:
        cases = [("claude/cached", self.claude, claude_usage), ("ollama/echo", self.ollama, ollama_usage)]
        for name, upstream, counted in cases:
            with self.subTest(model=name):
                self.setUp()
                for number in range(1, 6):
                    text = " ".join(["word"] * number)
                    self.ask(name, text)
                    list(self.ask(name, text, stream=True))
                    list(self.ask(name, text, stream=True, stream_options={"include_usage": True}))
                usages = [counted(received) for received in upstream.received]
                self.assertEqual(len(usages), 15)
                expected = {
                    "requests": 15,
                    "succeeded": 15,
                    "attempts": 15,
                    "estimated_requests": 0,
                    "unpriced_requests": 0,
                    "input_tokens": sum(usage["input"] for usage in usages),
                    "output_tokens": sum(usage["output"] for usage in usages),
                    "cache_read_tokens": sum(usage["read"] for usage in usages),
                    "cache_write_tokens": sum(usage["write"] for usage in usages),
                    "cost_nano_usd": sum(self.nano_usd(usage) for usage in usages),
                }
                row = self.row(name)
                self.assertEqual({key: row[key] for key in expected}, expected)

    def test_thinking_is_recorded(self) -> None:
        self.ask("claude/echo", "hello", reasoning_effort="low")
        row = self.row("claude/echo")
        self.assertEqual(row["reasoning_tokens"], claude_usage(self.claude.only_request())["reasoning"])
        self.assertGreater(row["reasoning_tokens"], 0)

    def test_a_stream_that_failed_is_recorded_as_interrupted(self) -> None:
        for name in ("claude/overloaded", "ollama/broken"):
            with self.subTest(model=name), self.assertRaises(openai.APIError):
                list(self.ask(name, stream=True))
            row = self.row(name)
            self.assertEqual((row["requests"], row["succeeded"], row["interrupted"]), (1, 0, 1))

    def test_a_stream_that_was_left_is_estimated(self) -> None:
        for name in ("claude/endless", "ollama/endless"):
            with self.subTest(model=name):
                stream = self.ask(name, stream=True)
                for _ in range(6):
                    next(stream)
                stream.close()
                row = self.row(name)
                self.assertEqual((row["requests"], row["cancelled"], row["estimated_requests"]), (1, 1, 1))
                self.assertGreaterEqual(row["output_tokens"], 5)


class LocalOllama(unittest.TestCase):
    """An Ollama behind `[local]` is recognised without being told, and asked in its own dialect."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.ollama = cls.enterClassContext(ScriptedOllama())
        local = f'version = 1\n[models.mock]\n[local]\nbase_url = "{cls.ollama.base_url}"\nkeep_alive = "7m"\n'
        cls.martlet = cls.enterClassContext(Martlet(local))
        cls.client = cls.enterClassContext(
            OpenAI(base_url=f"{cls.martlet.url}/v1", api_key=GATEWAY_KEY, timeout=20, max_retries=0)
        )

    def test_a_chat_and_a_stream_reach_it(self) -> None:
        for stream in (False, True):
            with self.subTest(stream=stream):
                self.ollama.forget()
                raw = self.client.chat.completions.with_raw_response.create(
                    model="local:echo:latest", messages=user("hello"), stream=stream
                )
                answer = raw.parse()
                if stream:
                    text = "".join(c.choices[0].delta.content or "" for c in answer if c.choices)
                else:
                    text = answer.choices[0].message.content
                self.assertEqual(text, "You said: hello")
                self.assertEqual((raw.headers["x-provider"], raw.headers["x-model-source"]), ("ollama", "local"))
                received = self.ollama.only_request()
                self.assertEqual((received.path, received.json["keep_alive"]), ("/api/chat", "7m"))

    def test_its_models_are_listed(self) -> None:
        names = {entry.id for entry in self.client.models.list()}
        self.assertLessEqual({"local:echo:latest", "local:thinker:latest"}, names)


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
        self.assertEqual(self.ask("cached").usage.cache_read_input_tokens, scripted_anthropic.CACHED["read"])
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


if __name__ == "__main__":
    unittest.main()
