"""The official `ollama` client against Martlet, in front of upstreams of every dialect."""

from __future__ import annotations

import asyncio
import itertools
import json
import time

import ollama
import pydantic
from embedding_case import FORMS, EmbeddingCase
from harness import GATEWAY_KEY
from ollama import AsyncClient, Client
from scripted_embeddings import vector_of
from surface_case import CLOCK_SCHEMA, PNG, SIDES, WEATHER_ARGUMENTS, WEATHER_SCHEMA, SurfaceCase, tool_said

AUTHORIZATION = {"Authorization": f"Bearer {GATEWAY_KEY}"}
WEATHER = {
    "type": "function",
    "function": {"name": "get_weather", "description": "Weather", "parameters": WEATHER_SCHEMA},
}
CLOCK = {"type": "function", "function": {"name": "get_time", "description": "Time", "parameters": CLOCK_SCHEMA}}


class Plan(pydantic.BaseModel):
    title: str
    count: int


def user(text: str) -> list[dict]:
    return [{"role": "user", "content": text}]


class OllamaCase(SurfaceCase):
    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.client = Client(host=cls.martlet.url, headers=AUTHORIZATION, timeout=20)

    def ask(self, name: str, messages: list | str = "one two three", **more):
        messages = user(messages) if isinstance(messages, str) else messages
        return self.client.chat(model=name, messages=messages, **more)


class Chat(OllamaCase):
    def test_an_answer_arrives_whole(self) -> None:
        for side in SIDES:
            with self.subTest(upstream=side):
                self.forget()
                answer = self.ask(f"{side}/echo")
                self.assertEqual(answer.message.role, "assistant")
                self.assertEqual(answer.message.content, "You said: one two three")
                self.assertEqual((answer.done, answer.done_reason), (True, "stop"))
                read, written = self.usage(side, self.upstream(side).only_request())
                self.assertEqual((answer.prompt_eval_count, answer.eval_count), (read, written))
                self.assertGreater(answer.total_duration, 0)
                self.assertTrue(answer.model)

    def test_a_stream_is_lines_of_json_whose_last_is_done(self) -> None:
        for side in SIDES:
            with self.subTest(upstream=side):
                self.forget()
                parts = list(self.ask(f"{side}/echo", stream=True))
                self.assertEqual("".join(part.message.content or "" for part in parts), "You said: one two three")
                self.assertGreater(len(parts), 3, "a line a word")
                self.assertEqual([part.done for part in parts], [False] * (len(parts) - 1) + [True])
                read, written = self.usage(side, self.upstream(side).only_request())
                self.assertEqual((parts[-1].prompt_eval_count, parts[-1].eval_count), (read, written))
                body = {"model": f"{side}/echo", "messages": user("hi")}
                raw = self.martlet.request("POST", "/api/chat", body)
                self.assertEqual(raw.headers["content-type"].split(";")[0], "application/x-ndjson")
                lines = [json.loads(line) for line in raw.body.splitlines()]
                self.assertEqual((lines[-1]["done"], lines[-1]["done_reason"]), (True, "stop"))

    def test_tools_take_two_turns(self) -> None:
        for side, stream in itertools.product(SIDES, (False, True)):
            with self.subTest(upstream=side, stream=stream):
                messages: list = user("what is the weather")
                if stream:
                    parts = list(self.ask(f"{side}/echo", messages, tools=[WEATHER], stream=True))
                    calls = [call for part in parts for call in part.message.tool_calls or []]
                else:
                    calls = self.ask(f"{side}/echo", messages, tools=[WEATHER]).message.tool_calls
                [call] = calls
                self.assertEqual((call.function.name, call.function.arguments), ("get_weather", WEATHER_ARGUMENTS))
                messages.append({"role": "assistant", "content": "", "tool_calls": calls})
                messages.append({"role": "tool", "tool_name": "get_weather", "content": "sunny"})
                second = self.ask(f"{side}/echo", messages, tools=[WEATHER])
                self.assertEqual(second.message.content, tool_said(side, ("get_weather", "sunny")))

    def test_parallel_calls_have_their_results_by_name(self) -> None:
        for side in ("claude", "ollama"):
            with self.subTest(upstream=side):
                messages: list = user("weather and time")
                first = self.ask(f"{side}/parallel", messages, tools=[WEATHER, CLOCK])
                names = [call.function.name for call in first.message.tool_calls]
                self.assertEqual(names, ["get_weather", "get_time"])
                messages.append(first.message)
                messages.append({"role": "tool", "tool_name": "get_weather", "content": "sunny"})
                messages.append({"role": "tool", "tool_name": "get_time", "content": "noon"})
                second = self.ask(f"{side}/parallel", messages, tools=[WEATHER, CLOCK])
                said = tool_said(side, ("get_weather", "sunny"), ("get_time", "noon"))
                self.assertEqual(second.message.content, said)

    def test_a_schema_is_kept(self) -> None:
        for side in SIDES:
            with self.subTest(upstream=side):
                answer = self.ask(f"{side}/echo", "plan it", format=Plan.model_json_schema())
                plan = Plan.model_validate_json(answer.message.content)
                self.assertEqual(plan, Plan(title="plain words", count=7))

    def test_thinking_has_its_own_member(self) -> None:
        for name in ("claude/echo", "ollama/thinker"):
            with self.subTest(model=name):
                answer = self.ask(name, "hello", think=True)
                self.assertIn(answer.message.thinking, ("I think about: hello", "let me see"))
                self.assertEqual(answer.message.content, "You said: hello")
                parts = list(self.ask(name, "hello", think=True, stream=True))
                self.assertEqual("".join(p.message.thinking or "" for p in parts), answer.message.thinking)

    def test_options_and_images_reach_the_model(self) -> None:
        for side in SIDES:
            with self.subTest(upstream=side):
                self.forget()
                messages = [
                    {"role": "system", "content": "Be brief."},
                    {"role": "user", "content": "what is it", "images": [PNG]},
                ]
                answer = self.ask(f"{side}/echo", messages, options={"num_predict": 99, "stop": ["zzz"]})
                self.assertEqual(answer.message.content.strip(), "You said: what is it")
                received = self.upstream(side).only_request()
                self.assertIn(PNG, received.body.decode())
                self.assertEqual(self.system_text(side, received), "Be brief.")
                self.assertIn("99", received.body.decode())

    def test_requests_run_side_by_side(self) -> None:
        async def ask_all() -> list[str]:
            client = AsyncClient(host=self.martlet.url, headers=AUTHORIZATION, timeout=20)

            async def ask(number: int) -> str:
                name = f"{SIDES[number % 3]}/echo"
                return (await client.chat(model=name, messages=user(f"request {number}"))).message.content

            return await asyncio.gather(*(ask(number) for number in range(9)))

        self.assertEqual(asyncio.run(ask_all()), [f"You said: request {number}" for number in range(9)])

    def test_closing_a_stream_ends_the_upstream_call(self) -> None:
        for side in SIDES:
            with self.subTest(upstream=side):
                self.forget()
                stream = self.ask(f"{side}/endless", stream=True)
                for _ in range(3):
                    next(stream)
                closed = time.monotonic()
                stream.close()
                self.assert_reader_left(self.upstream(side).only_request(), closed)


class Generate(OllamaCase):
    def test_one_prompt_gets_one_answer(self) -> None:
        for side in SIDES:
            with self.subTest(upstream=side):
                self.forget()
                answer = self.client.generate(model=f"{side}/echo", prompt="one two", system="Be brief.")
                self.assertEqual((answer.response, answer.done), ("You said: one two", True))
                self.assertEqual(self.system_text(side, self.upstream(side).only_request()), "Be brief.")
                parts = list(self.client.generate(model=f"{side}/echo", prompt="one two", stream=True))
                self.assertEqual("".join(part.response for part in parts), "You said: one two")
                self.assertTrue(parts[-1].done)


class Embed(EmbeddingCase):
    def test_texts_become_vectors_in_their_order(self) -> None:
        client = Client(host=self.martlet.url, headers=AUTHORIZATION, timeout=20)
        for form in FORMS:
            with self.subTest(form=form):
                answer = client.embed(model=f"{form}/words", input=["one two", "three"])
                self.assertEqual(answer.embeddings, [vector_of("one two"), vector_of("three")])
                self.assertEqual(answer.prompt_eval_count, 3)
                one = client.embed(model=f"{form}/words", input="one two")
                self.assertEqual(one.embeddings, [vector_of("one two")])


class Lists(OllamaCase):
    def test_every_model_is_listed_and_shown(self) -> None:
        names = {entry.model for entry in self.client.list().models}
        self.assertLessEqual({f"{side}/echo" for side in SIDES}, names)
        shown = self.client.show("claude/echo")
        self.assertIsNotNone(shown.details)
        self.client.ps()
        answer = self.martlet.request("GET", "/api/version")
        self.assertRegex(answer.json["version"], r"^\d+\.\d+")

    def test_an_unknown_model_is_not_found(self) -> None:
        for ask in (self.ask, self.client.show):
            with self.assertRaises(ollama.ResponseError) as raised:
                ask("no-such-model")
            self.assertEqual(raised.exception.status_code, 404)


class Failures(OllamaCase):
    def test_errors_are_said_in_words(self) -> None:
        for side in SIDES:
            for stream in (False, True):
                with self.subTest(upstream=side, stream=stream):
                    with self.assertRaises(ollama.ResponseError) as raised:
                        answer = self.ask(f"{side}/refuse-400", stream=stream)
                        list(answer)
                    self.assertEqual(raised.exception.status_code, 400)
                    self.assertTrue(raised.exception.error)

    def test_a_stream_that_breaks_never_looks_complete(self) -> None:
        for name in ("chat/cut", "claude/cut", "claude/overloaded", "ollama/cut", "ollama/broken"):
            with self.subTest(model=name):
                seen = []
                with self.assertRaises(ollama.ResponseError):
                    for part in self.ask(name, stream=True):
                        seen.append(part)
                self.assertTrue(seen)
                self.assertFalse(any(part.done for part in seen))

    def test_a_wrong_key_is_refused(self) -> None:
        client = Client(host=self.martlet.url, headers={"Authorization": "Bearer wrong"}, timeout=20)
        with self.assertRaises(ollama.ResponseError) as raised:
            client.chat(model="chat/echo", messages=user("hi"))
        self.assertEqual(raised.exception.status_code, 401)
