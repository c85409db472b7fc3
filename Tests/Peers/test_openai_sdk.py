"""The official `openai` SDK against Martlet, in front of an upstream that does what its model names say.

Run under each major version of the SDK that is in use (see scripts/peers.sh).
"""

from __future__ import annotations

import asyncio
import json
import time
import unittest

import openai
import pydantic
from harness import GATEWAY_KEY
from openai import AsyncOpenAI, OpenAI
from scripted_upstream import REFUSALS
from sdk_case import ACCOUNTS, CANCEL_LIMIT_S, REFUSED_KEY, RENAMED, UPSTREAM_KEY, PeerCase, user

WEATHER_TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Current weather for a city",
        "strict": True,
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
            "required": ["city", "days"],
            "additionalProperties": False,
        },
    },
}
WEATHER_ARGUMENTS = {"city": "plain words", "days": 7}


class Step(pydantic.BaseModel):
    explanation: str
    certain: bool


class Answer(pydantic.BaseModel):
    title: str
    count: int
    steps: list[Step]


class Chat(PeerCase):
    def test_a_chat_answer_arrives_whole(self) -> None:
        answer = self.client.chat.completions.create(model="echo", messages=user("one two three"))
        received = self.upstream.only_request()
        self.assertEqual(answer.choices[0].message.content, "You said: one two three")
        self.assertEqual(answer.choices[0].finish_reason, "stop")
        self.assertEqual(answer.usage.model_dump(exclude_none=True), received.usage)
        self.assertEqual(answer.model_extra["scripted_extra"], {"kept": True})

    def test_a_stream_carries_usage_when_asked(self) -> None:
        stream = self.client.chat.completions.create(
            model="echo", messages=user("one two three"), stream=True, stream_options={"include_usage": True}
        )
        chunks = list(stream)
        received = self.upstream.only_request()
        self.assertEqual("".join(c.choices[0].delta.content or "" for c in chunks[:-1]), "You said: one two three")
        self.assertEqual(chunks[0].choices[0].delta.role, "assistant")
        self.assertEqual(chunks[-2].choices[0].finish_reason, "stop")
        self.assertEqual(chunks[-1].choices, [])
        self.assertEqual(chunks[-1].usage.model_dump(exclude_none=True), received.usage)
        self.assertEqual(len({(c.id, c.created, c.model) for c in chunks}), 1)

    def test_a_stream_carries_no_usage_when_not_asked(self) -> None:
        chunks = list(self.client.chat.completions.create(model="echo", messages=user("one two"), stream=True))
        self.assertEqual("".join(c.choices[0].delta.content or "" for c in chunks), "You said: one two")
        self.assertEqual([c.usage for c in chunks if c.usage is not None], [])

    def test_the_async_client_runs_requests_side_by_side(self) -> None:
        async def ask(client: AsyncOpenAI, number: int) -> tuple[str, str]:
            text = f"request {number}"
            whole = await client.chat.completions.create(model="echo", messages=user(text))
            stream = await client.chat.completions.create(model="echo", messages=user(text), stream=True)
            pieces = [chunk.choices[0].delta.content or "" async for chunk in stream]
            return whole.choices[0].message.content, "".join(pieces)

        async def ask_all() -> list[tuple[str, str]]:
            async with self.new_async_client() as client:
                return await asyncio.gather(*(ask(client, number) for number in range(16)))

        expected = [(f"You said: request {number}",) * 2 for number in range(16)]
        self.assertEqual(asyncio.run(ask_all()), expected)

    def test_every_mount_answers(self) -> None:
        for mount in ("/v1", "/ai/v1", "/openai/v1", "/v1/"):
            with self.subTest(mount=mount), self.new_client() as client:
                client.base_url = self.martlet.url + mount
                answer = client.chat.completions.create(model="echo", messages=user("hello"))
                self.assertEqual(answer.choices[0].message.content, "You said: hello")

    def test_the_mock_model_answers_without_an_upstream(self) -> None:
        expected = "Mock answer from Martlet: no model was called. You said: hello there"
        answer = self.client.chat.completions.create(model="mock", messages=user("hello there"))
        self.assertEqual(answer.choices[0].message.content, expected)
        self.assertEqual(answer.choices[0].finish_reason, "stop")
        chunks = list(
            self.client.chat.completions.create(
                model="mock", messages=user("hello there"), stream=True, stream_options={"include_usage": True}
            )
        )
        texts = [c.choices[0].delta.content for c in chunks if c.choices and c.choices[0].delta.content]
        self.assertEqual("".join(texts), expected)
        self.assertEqual(len(texts), len(expected.split()), "one chunk a word")
        # Estimate rule: one token for every four bytes, rounded up.
        self.assertEqual(chunks[-1].usage.completion_tokens, -(-len(expected.encode()) // 4))
        self.assertEqual(chunks[-1].usage, answer.usage)
        self.assertEqual(self.upstream.received, [])


class Tools(PeerCase):
    def test_a_tools_round_trip_takes_two_turns(self) -> None:
        messages = user("what is the weather")
        first = self.client.chat.completions.create(model="echo", messages=messages, tools=[WEATHER_TOOL])
        call = first.choices[0].message.tool_calls[0]
        self.assertEqual(first.choices[0].finish_reason, "tool_calls")
        self.assertIsNone(first.choices[0].message.content)
        self.assertEqual(call.function.name, "get_weather")
        self.assertEqual(json.loads(call.function.arguments), WEATHER_ARGUMENTS)

        messages.append(first.choices[0].message)
        messages.append({"role": "tool", "tool_call_id": call.id, "content": "sunny, 21 °C"})
        second = self.client.chat.completions.create(model="echo", messages=messages, tools=[WEATHER_TOOL])
        self.assertEqual(second.choices[0].message.content, "The tool said: sunny, 21 °C")
        sent_back = self.upstream.received[1].json["messages"][1]["tool_calls"][0]
        self.assertEqual((sent_back["id"], sent_back["function"]["name"]), (call.id, "get_weather"))

    def test_a_streamed_tool_call_is_put_together(self) -> None:
        with self.client.chat.completions.stream(
            model="echo", messages=user("what is the weather"), tools=[WEATHER_TOOL]
        ) as stream:
            kinds = [event.type for event in stream]
            final = stream.get_final_completion()
        call = final.choices[0].message.tool_calls[0]
        self.assertEqual((call.id, call.function.name), ("call_scripted_1", "get_weather"))
        self.assertEqual(json.loads(call.function.arguments), WEATHER_ARGUMENTS)
        self.assertGreater(kinds.count("tool_calls.function.arguments.delta"), 2)

    def test_structured_output_is_parsed(self) -> None:
        answer = self.client.chat.completions.parse(
            model="echo", messages=user("three steps, please"), response_format=Answer
        )
        expected = Answer(title="plain words", count=7, steps=[Step(explanation="plain words", certain=True)])
        self.assertEqual(answer.choices[0].message.parsed, expected)
        schema = self.upstream.only_request().json["response_format"]["json_schema"]
        self.assertEqual((schema["name"], schema["strict"]), ("Answer", True))

    def test_structured_output_is_parsed_from_a_stream(self) -> None:
        with self.client.chat.completions.stream(
            model="echo", messages=user("three steps, please"), response_format=Answer
        ) as stream:
            stream.until_done()
            parsed = stream.get_final_completion().choices[0].message.parsed
        self.assertEqual((parsed.count, parsed.steps[0].certain), (7, True))


class Failures(PeerCase):
    def ask(self, model: str, client: OpenAI | None = None, **more):
        return (client or self.client).chat.completions.create(model=model, messages=user("hello"), **more)

    def test_a_wrong_key_is_an_authentication_error(self) -> None:
        for key in ("wrong", "sk-mt-abcdefghijkl-" + "A" * 54):
            with self.subTest(key=key), self.new_client() as client, self.assertRaises(
                openai.AuthenticationError
            ) as raised:
                self.ask("echo", client.with_options(api_key=key))
            self.assert_status_error(raised.exception, 401, "unauthorized")
            self.assertEqual(raised.exception.type, "invalid_request_error")
        self.assertEqual(self.upstream.received, [])

    def test_an_unknown_model_is_not_found(self) -> None:
        with self.assertRaises(openai.NotFoundError) as raised:
            self.ask("no-such-model")
        self.assert_status_error(raised.exception, 404, "model_not_found")
        self.assertEqual(self.upstream.received, [])

    def test_a_body_that_is_not_json_is_a_bad_request(self) -> None:
        for body in (b"{", b'{"model":"echo","model":"echo","messages":[]}', b'{"model":"\xff","messages":[]}'):
            with self.subTest(body=body):
                answer = self.martlet.request("POST", "/v1/chat/completions", body)
                self.assertEqual((answer.status, answer.json["error"]["code"]), (400, "invalid_json"))

    def test_an_unknown_path_is_not_found_in_the_dialect_of_its_mount(self) -> None:
        answer = self.martlet.request("POST", "/v1/nothing/here", {})
        self.assertEqual(answer.status, 404)
        self.assertEqual(set(answer.json["error"]), {"message", "type", "param", "code"})
        wrong_method = self.martlet.request("DELETE", "/v1/chat/completions")
        self.assertEqual((wrong_method.status, wrong_method.json["error"]["code"]), (405, "method_not_allowed"))
        self.assertIn("POST", wrong_method.headers["allow"])

    def test_a_refusal_meant_for_the_caller_passes_byte_for_byte(self) -> None:
        cases = [
            ("refuse-400", openai.BadRequestError, False),
            ("refuse-400", openai.BadRequestError, True),
            ("refuse-404", openai.NotFoundError, False),
            ("refuse-404", openai.NotFoundError, True),
            ("refuse-429", openai.RateLimitError, False),
        ]
        for model, kind, stream in cases:
            with self.subTest(model=model, stream=stream):
                self.upstream.forget()
                with self.assertRaises(kind) as raised:
                    self.ask(model, self.client.with_options(max_retries=0), stream=stream)
                self.assertEqual(raised.exception.response.content, self.upstream.only_request().answer)
                status, _, code, _ = REFUSALS[model]
                self.assert_status_error(raised.exception, status, code)
                if status == 429:
                    self.assertIn(int(raised.exception.response.headers["retry-after"]), range(1, 31))

    def test_a_refused_upstream_credential_is_the_gateways_failure(self) -> None:
        with self.assertRaises(openai.InternalServerError) as raised:
            self.ask("refuse-401")
        self.assert_status_error(raised.exception, 502, "provider_auth_error")
        self.assertNotIn(REFUSED_KEY, raised.exception.response.text)
        self.assertEqual(len(self.upstream.received), 1, "neither the gateway nor the SDK asks again")

    def test_a_used_up_upstream_quota_is_the_gateways_failure(self) -> None:
        with self.assertRaises(openai.InternalServerError) as raised:
            self.ask("quota")
        self.assert_status_error(raised.exception, 502, "provider_error")
        self.assertEqual(len(self.upstream.received), 1)

    def test_a_failing_upstream_is_asked_twice_and_not_again_by_the_sdk(self) -> None:
        with self.assertRaises(openai.InternalServerError) as raised:
            self.ask("refuse-500")
        self.assert_status_error(raised.exception, 502, "provider_error")
        self.assertEqual(raised.exception.response.headers["x-should-retry"], "false")
        self.assertEqual(raised.exception.response.headers["x-gateway-attempts"], "2")
        self.assertEqual(len(self.upstream.received), 2)

    def test_another_provider_answers_when_the_first_fails(self) -> None:
        for stream in (False, True):
            with self.subTest(stream=stream):
                self.upstream.forget()
                raw = self.client.chat.completions.with_raw_response.create(
                    model="rescued", messages=user("hello"), stream=stream
                )
                answer = raw.parse()
                if stream:
                    text = "".join(chunk.choices[0].delta.content or "" for chunk in answer)
                else:
                    text = answer.choices[0].message.content
                self.assertEqual(text, "You said: hello")
                self.assertEqual(raw.headers["x-provider"], "scripted")
                self.assertEqual(raw.headers["x-gateway-attempts"], str(len(self.upstream.received)))
                self.assertEqual(self.upstream.received[0].json["model"], "refuse-500")

    def test_a_silent_upstream_is_a_timeout(self) -> None:
        for stream in (False, True):
            with self.subTest(stream=stream):
                self.upstream.forget()
                started = time.monotonic()
                with self.assertRaises(openai.InternalServerError) as raised:
                    self.ask("slow", stream=stream)
                self.assert_status_error(raised.exception, 504, "provider_timeout")
                self.assertLess(time.monotonic() - started, 5)
                self.assertTrue(self.upstream.only_request().reader_left.wait(CANCEL_LIMIT_S))

    def test_a_cut_stream_never_looks_complete(self) -> None:
        texts = []
        with self.assertRaises(openai.APIError) as raised:
            for chunk in self.ask("cut", stream=True):
                self.assertIsNone(chunk.choices[0].finish_reason)
                texts.append(chunk.choices[0].delta.content or "")
        self.assertEqual("".join(texts), "You said: ")
        self.assertEqual(raised.exception.code, "stream_interrupted")
        self.assertEqual(len(self.upstream.received), 1, "nothing is asked again once bytes were shown")

    def test_a_cut_answer_is_a_bad_gateway(self) -> None:
        with self.assertRaises(openai.InternalServerError) as raised:
            self.ask("cut")
        self.assert_status_error(raised.exception, 502, "provider_error")


class Cancel(PeerCase):
    def test_closing_a_stream_ends_the_upstream_call(self) -> None:
        stream = self.client.chat.completions.create(model="endless", messages=user("go"), stream=True)
        for _ in range(3):
            next(stream)
        closed = time.monotonic()
        stream.close()
        self.assert_reader_left(self.upstream.only_request(), closed)

    def test_cancelling_a_task_ends_the_upstream_call(self) -> None:
        async def read_for_ever(first: asyncio.Event) -> None:
            async with self.new_async_client() as client:
                stream = await client.chat.completions.create(model="endless", messages=user("go"), stream=True)
                async for _ in stream:
                    first.set()

        async def start_and_cancel() -> float:
            first = asyncio.Event()
            task = asyncio.create_task(read_for_ever(first))
            await asyncio.wait_for(first.wait(), 10)
            cancelled = time.monotonic()
            task.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await task
            return cancelled

        cancelled = asyncio.run(start_and_cancel())
        self.assert_reader_left(self.upstream.only_request(), cancelled)

    def test_giving_up_before_the_answer_ends_the_upstream_call(self) -> None:
        for stream in (False, True):
            with self.subTest(stream=stream), self.new_client(max_retries=0) as client:
                self.upstream.forget()
                with self.assertRaises(openai.APITimeoutError):
                    client.with_options(timeout=0.3).chat.completions.create(
                        model="slow", messages=user("go"), stream=stream
                    )
                # Under the account's own limit of 1 s, so that it is the client's leaving which ends the call.
                received = self.upstream.only_request()
                self.assertTrue(received.reader_left.wait(0.5), "the upstream call was not cancelled")


class Models(PeerCase):
    def test_the_list_names_what_is_configured(self) -> None:
        models = {model.id: model for model in self.client.models.list()}
        names = {name for account in ACCOUNTS.values() for name in account} | {RENAMED, "rescued", "mock"}
        self.assertEqual(names - models.keys(), set())
        self.assertEqual({model.object for model in models.values()}, {"model"})
        self.assertEqual(models["echo"].owned_by, "scripted")

    def test_a_model_with_slash_and_colon_is_found(self) -> None:
        self.assertEqual(self.client.models.retrieve(RENAMED).id, RENAMED)
        spellings = (RENAMED, "team%2Fecho:latest", "team%2fecho%3Alatest")
        for mount in ("/v1", "/ai/v1", "/openai/v1"):
            for spelling in spellings:
                with self.subTest(mount=mount, spelling=spelling):
                    answer = self.martlet.request("GET", f"{mount}/models/{spelling}")
                    self.assertEqual((answer.status, answer.json["id"]), (200, RENAMED))

    def test_an_unknown_model_is_not_found(self) -> None:
        with self.assertRaises(openai.NotFoundError) as raised:
            self.client.models.retrieve("team/no-such-model")
        self.assert_status_error(raised.exception, 404, "model_not_found")

    def test_the_list_needs_a_key(self) -> None:
        self.assertEqual(self.martlet.request("GET", "/v1/models", key=None).status, 401)


class Bytes(PeerCase):
    def test_what_the_sdk_sent_is_what_the_upstream_got(self) -> None:
        sent: list[bytes] = []
        transport = openai.DefaultHttpxClient(event_hooks={"request": [lambda request: sent.append(request.read())]})
        with self.new_client(http_client=transport) as client:
            client.chat.completions.create(
                model="echo",
                messages=[{"role": "user", "content": "naïve ☃ \U0001f426 \x01 \\ \" text", "name": "tester"}],
                temperature=0.1,
                logit_bias={"17": -100},
                extra_body={"top_k": 40, "vendor": {"nested": [1, 2.50, None, {"deep": True}]}, "empty": {}},
            )
        self.assertEqual(self.upstream.only_request().body, sent[0])

    def test_only_the_model_name_is_replaced(self) -> None:
        before = b'\r\n{ "zeta":1e2,\t"model" : "'
        after = (
            b'" ,"messages":[ {"role":"user","content":"\\u0068i \\ud83d\\udc26 \\/ \xc3\xa9"}],\n'
            b'"big":123456789012345678901234567890, "small":1.0e-7,"unknown":{"model":"team/echo:latest"} }\n'
        )
        for spelling in (b"team/echo:latest", b"team\\/echo:latest", b"\\u0074eam/echo:latest"):
            with self.subTest(spelling=spelling):
                self.upstream.forget()
                answer = self.martlet.request("POST", "/v1/chat/completions", before + spelling + after)
                self.assertEqual(answer.status, 200, answer)
                self.assertEqual(self.upstream.only_request().body, before + b"echo" + after)

    def test_a_streamed_request_gains_nothing_but_the_wish_for_usage(self) -> None:
        body = {"model": "echo", "stream": True, "messages": user("hi"), "stream_options": {"vendor": 1}, "top_k": 3}
        answer = self.martlet.request("POST", "/v1/chat/completions", body)
        self.assertEqual(answer.events[-1], "[DONE]")
        got = self.upstream.only_request().json
        self.assertEqual(got["stream_options"] | {"include_usage": True}, {"vendor": 1, "include_usage": True})
        self.assertEqual(got | {"stream_options": body["stream_options"]}, body)

    def test_the_answer_is_the_upstreams_bytes(self) -> None:
        whole = self.martlet.request("POST", "/v1/chat/completions", {"model": "echo", "messages": user("hi")})
        self.assertEqual(whole.body, self.upstream.only_request().answer)
        self.upstream.forget()
        request = {"model": "echo", "messages": user("hi"), "stream": True, "stream_options": {"include_usage": True}}
        stream = self.martlet.request("POST", "/v1/chat/completions", request)
        self.assertEqual(stream.body, self.upstream.only_request().answer)
        self.assertEqual(stream.headers["content-type"].split(";")[0], "text/event-stream")
        self.assertEqual(stream.headers["x-accel-buffering"], "no")

    def test_gateway_members_and_client_credentials_stay_here(self) -> None:
        self.client.chat.completions.create(
            model="echo",
            messages=user("hi"),
            extra_body={"provider": "scripted", "route": "auto"},
            extra_headers={"X-Gateway-Tag-team": "search", "x-api-key": GATEWAY_KEY},
        )
        received = self.upstream.only_request()
        self.assertEqual(set(received.json), {"model", "messages"})
        self.assertEqual(received.headers["authorization"], f"Bearer {UPSTREAM_KEY}")
        self.assertEqual([n for n, v in received.headers.items() if GATEWAY_KEY in v or n.startswith("x-gateway")], [])


class Headers(PeerCase):
    def test_an_answer_says_where_it_came_from(self) -> None:
        for stream in (False, True):
            with self.subTest(stream=stream):
                raw = self.client.chat.completions.with_raw_response.create(
                    model=RENAMED, messages=user("hello"), stream=stream
                )
                expected = {
                    "x-gateway": "martlet",
                    "x-provider": "scripted",
                    "x-model-source": "local",  # an account on loopback
                    "x-gateway-model": "echo",
                    "x-gateway-attempts": "1",
                    "x-cache": "OFF",
                }
                self.assertEqual({name: raw.headers.get(name) for name in expected}, expected)
                self.assertEqual(raw.headers["x-request-id"], raw.headers["request-id"])
                if stream:
                    self.assertTrue(list(raw.parse()))

    def test_request_ids_differ_and_a_clients_own_is_kept(self) -> None:
        made = [self.client.models.list()._request_id for _ in range(2)]
        self.assertEqual(len({*made, None}), 3)
        raw = self.client.chat.completions.with_raw_response.create(
            model="echo", messages=user("hello"), extra_headers={"x-request-id": "My.own-id_1"}
        )
        self.assertEqual(raw.headers["x-request-id"], "My.own-id_1")
        raw = self.client.chat.completions.with_raw_response.create(
            model="echo", messages=user("hello"), extra_headers={"x-request-id": "not an id!"}
        )
        self.assertNotEqual(raw.headers["x-request-id"], "not an id!")

    def test_one_client_connection_needs_one_upstream_connection(self) -> None:
        for turn in range(50):
            answer = self.client.chat.completions.create(model="echo", messages=user(f"turn {turn}"))
            self.assertEqual(answer.choices[0].message.content, f"You said: turn {turn}")
        self.assertEqual(len({received.peer for received in self.upstream.received}), 1)


if __name__ == "__main__":
    unittest.main()
