"""What Responses keep, refuse and fall back on, by the official `openai` SDK.

Run under each major version of the SDK that is in use (see scripts/peers.sh).
"""

from __future__ import annotations

import itertools
import json

import openai
from responses_case import WEATHER, ResponsesCase
from surface_case import SIDES, model, tool_said


class Stored(ResponsesCase):
    def test_a_conversation_goes_on_from_a_stored_answer(self) -> None:
        for side, stream in itertools.product(SIDES, (False, True)):
            with self.subTest(upstream=side, stream=stream):
                if stream:
                    first = list(self.ask(f"{side}/echo", "one", stream=True))[-1].response
                else:
                    first = self.ask(f"{side}/echo", "one")
                self.forget()
                second = self.ask(f"{side}/echo", "two", previous_response_id=first.id)
                self.assertEqual((second.output_text, second.previous_response_id), ("You said: two", first.id))
                messages = self.upstream(side).only_request().json["messages"]
                self.assertEqual([message["role"] for message in messages], ["user", "assistant", "user"])
                self.assertIn("You said: one", json.dumps(messages[1]))
                third = self.ask(f"{side}/echo", "three", previous_response_id=second.id)
                self.assertEqual(len(self.upstream(side).received[-1].json["messages"]), 5)
                self.assertEqual(third.output_text, "You said: three")

    def test_instructions_do_not_carry_over(self) -> None:
        first = self.ask("chat/echo", "one", instructions="Be brief.")
        self.forget()
        self.ask("chat/echo", "two", previous_response_id=first.id)
        self.assertEqual(self.system_text("chat", self.chat.only_request()), "")

    def test_calls_go_on_from_a_stored_answer(self) -> None:
        for side in SIDES:
            with self.subTest(upstream=side):
                first = self.ask(f"{side}/echo", "weather", tools=[WEATHER])
                result = {"type": "function_call_output", "call_id": self.calls(first)[0].call_id, "output": "sunny"}
                second = self.ask(f"{side}/echo", [result], tools=[WEATHER], previous_response_id=first.id)
                self.assertEqual(second.output_text, tool_said(side, ("get_weather", "sunny")))

    def test_what_is_stored_can_be_read_and_deleted(self) -> None:
        made = self.ask("claude/echo", "one two")
        read = self.client.responses.retrieve(made.id)
        self.assertEqual((read.id, read.output_text), (made.id, "You said: one two"))
        self.assertEqual(read.usage, made.usage)
        [item] = self.client.responses.input_items.list(made.id).data
        self.assertEqual((item.role, item.content[0].text), ("user", "one two"))
        self.client.responses.delete(made.id)
        for ask in (self.client.responses.retrieve, self.client.responses.delete):
            with self.assertRaises(openai.NotFoundError):
                ask(made.id)
        with self.assertRaises(openai.APIStatusError) as raised:
            self.ask("claude/echo", "three", previous_response_id=made.id)
        self.assertEqual(raised.exception.code, "previous_response_not_found")
        self.assertIn(raised.exception.status_code, (400, 404))

    def test_what_shall_not_be_stored_is_not(self) -> None:
        made = self.ask("chat/echo", "one", store=False)
        self.assertIs(made.store, False)
        with self.assertRaises(openai.NotFoundError):
            self.client.responses.retrieve(made.id)


class Failures(ResponsesCase):
    def test_work_in_the_background_is_refused_in_words(self) -> None:
        with self.assertRaises(openai.BadRequestError) as raised:
            self.ask("chat/echo", background=True)
        self.assertEqual(raised.exception.param, "background")
        self.assertEqual(self.chat.received, [])

    def test_a_refusal_meant_for_the_caller_has_its_class(self) -> None:
        for side, stream in itertools.product(SIDES, (False, True)):
            with self.subTest(upstream=side, stream=stream):
                with self.assertRaises(openai.BadRequestError) as raised:
                    self.ask(f"{side}/refuse-400", stream=stream)
                self.assertEqual(raised.exception.code, "context_length_exceeded")
                with self.assertRaises(openai.NotFoundError):
                    self.ask(f"{side}/refuse-404", stream=stream)

    def test_a_failing_upstream_is_a_bad_gateway(self) -> None:
        for side in SIDES:
            with self.subTest(upstream=side):
                with self.assertRaises(openai.InternalServerError) as raised:
                    self.ask(f"{side}/refuse-500")
                self.assertEqual((raised.exception.status_code, raised.exception.code), (502, "provider_error"))

    def test_an_unknown_model_is_not_found(self) -> None:
        with self.assertRaises(openai.NotFoundError) as raised:
            self.ask("no-such-model")
        self.assertEqual(raised.exception.code, "model_not_found")

    def test_a_wrong_key_is_an_authentication_error(self) -> None:
        with self.assertRaises(openai.AuthenticationError):
            self.client.with_options(api_key="wrong").responses.create(model="chat/echo", input="hi")

    def test_a_stream_that_breaks_never_looks_complete(self) -> None:
        for name in ("chat/cut", "claude/cut", "claude/overloaded", "ollama/cut", "ollama/broken"):
            with self.subTest(model=name):
                body = {"model": name, "input": "one two three", "stream": True}
                answer = self.martlet.request("POST", "/v1/responses", body)
                self.assertEqual(answer.status, 200, answer)
                events = [json.loads(event) for event in answer.events]
                self.assertEqual(events[-1]["type"], "response.failed", events[-2:])
                self.assertEqual([event["sequence_number"] for event in events], list(range(len(events))))
                failed = events[-1]["response"]
                self.assertEqual(failed["status"], "failed")
                self.assertTrue(failed["error"]["code"])
                self.assertTrue(failed["error"]["message"])

    def test_a_body_without_input_is_a_bad_request(self) -> None:
        for body in ({"model": "chat/echo"}, {"model": "chat/echo", "input": 7}):
            with self.subTest(body=body):
                answer = self.martlet.request("POST", "/v1/responses", body)
                self.assertEqual((answer.status, answer.json["error"]["type"]), (400, "invalid_request_error"))


class Fallbacks(ResponsesCase):
    @classmethod
    def more_configuration(cls) -> list[str]:
        return [model("rescued", {"chat_failing": "refuse-500", "claude": "echo"})]

    def test_another_dialect_answers_when_the_first_provider_fails(self) -> None:
        for stream in (False, True):
            with self.subTest(stream=stream):
                raw = self.client.responses.with_raw_response.create(model="rescued", input="hello", stream=stream)
                self.assertEqual(raw.headers["x-provider"], "claude")
                answer = raw.parse()
                response = list(answer)[-1].response if stream else answer
                self.assertEqual(response.output_text, "You said: hello")
