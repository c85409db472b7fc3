"""Responses of the official `openai` SDK in front of a provider that speaks them itself.

Its bytes pass: what it keeps and names stays its own, and what the gateway kept elsewhere reaches it as items.
"""

from __future__ import annotations

import json
import unittest

import openai
from harness import GATEWAY_KEY, Martlet
from openai import OpenAI
from responses_case import WEATHER
from scripted_responses import ScriptedResponses
from scripted_upstream import ScriptedUpstream
from surface_case import UPSTREAM_KEY, account, model

MODELS = "echo parallel broken cut refuse-400 refuse-404".split()


class ToResponses(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.vendor = cls.enterClassContext(ScriptedResponses())
        cls.chat = cls.enterClassContext(ScriptedUpstream())
        lines = [
            "version = 1",
            account("vendor", "openai", cls.vendor.base_url),
            account("chat", "openai_compatible", cls.chat.base_url),
            *(model(f"vendor/{name}", {"vendor": name}) for name in MODELS),
            model("chat/echo", {"chat": "echo"}),
            model("either", {"chat": "refuse-500", "vendor": "echo"}),
        ]
        cls.martlet = cls.enterClassContext(Martlet("\n".join(lines) + "\n", {"UPSTREAM_KEY": UPSTREAM_KEY}))
        cls.client = cls.enterClassContext(
            OpenAI(base_url=f"{cls.martlet.url}/v1", api_key=GATEWAY_KEY, timeout=20, max_retries=0)
        )

    def setUp(self) -> None:
        self.vendor.forget()
        self.chat.forget()

    def ask(self, name: str = "vendor/echo", input: object = "one two three", **more):
        return self.client.responses.create(model=name, input=input, **more)

    def post(self, **body) -> object:
        return self.martlet.request("POST", "/v1/responses", body)

    def test_the_answer_is_the_providers_byte_for_byte(self) -> None:
        for stream in (False, True):
            with self.subTest(stream=stream):
                self.setUp()
                answer = self.post(model="vendor/echo", input="one two", unknown=None, stream=stream, route="auto")
                self.assertEqual(answer.status, 400, "the strict server knows no such member, so it was passed")
                self.setUp()
                answer = self.post(model="vendor/echo", input="one two", stream=stream, route="auto")
                received = self.vendor.only_request()
                self.assertEqual(answer.status, 200, answer)
                self.assertEqual(received.json["model"], "echo")
                self.assertNotIn("route", received.json)
                self.assertEqual(received.headers["authorization"], f"Bearer {UPSTREAM_KEY}")
                if stream:
                    self.assertEqual(json.loads(answer.events[-1])["type"], "response.completed")
                    self.assertTrue(json.loads(answer.events[-1])["response"]["scripted_extra"]["kept"])
                else:
                    self.assertEqual(answer.body, received.answer)

    def test_tools_of_every_kind_pass(self) -> None:
        space = {"type": "namespace", "name": "home", "description": "The house", "tools": [WEATHER]}
        tools = [WEATHER, space, {"type": "web_search"}, {"type": "custom", "name": "apply_patch"}]
        answer = self.post(model="vendor/parallel", input="weather", tools=tools)
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual([item["type"] for item in answer.json["output"]], ["function_call", "custom_tool_call"])
        self.assertEqual(self.vendor.only_request().json["tools"], tools)
        self.assertNotIn("x-gateway-dropped", answer.headers)

    def test_ids_of_the_provider_go_back_to_it(self) -> None:
        first = self.ask(input="one")
        second = self.ask(input="two", previous_response_id=first.id)
        self.assertEqual(second.output_text, "You said: two")
        self.assertEqual(self.vendor.received[-1].json["previous_response_id"], first.id)
        with self.assertRaises(openai.NotFoundError):
            self.client.responses.retrieve(first.id)
        with self.assertRaises(openai.BadRequestError) as raised:
            self.ask("chat/echo", "three", previous_response_id=first.id)
        self.assertEqual(raised.exception.code, "previous_response_not_found")
        with self.assertRaises(openai.BadRequestError):
            self.ask(input="four", previous_response_id="resp_of_nobody")

    def test_what_was_kept_here_reaches_the_provider_as_items(self) -> None:
        first = self.ask("chat/echo", "one")
        second = self.ask(input="two", previous_response_id=first.id)
        self.assertEqual((second.output_text, second.previous_response_id), ("You said: two", first.id))
        sent = self.vendor.only_request().json
        self.assertNotIn("previous_response_id", sent)
        self.assertIs(sent["store"], False)
        self.assertEqual([item["role"] for item in sent["input"]], ["user", "assistant", "user"])
        # Kept here, so it can be gone on from with any target.
        self.assertEqual(self.client.responses.retrieve(second.id).output_text, "You said: two")
        third = self.ask("chat/echo", "three", previous_response_id=second.id)
        self.assertEqual(len(self.chat.received[-1].json["messages"]), 5)
        self.assertEqual(third.output_text, "You said: three")

    def test_messages_in_place_of_input_are_written_anew(self) -> None:
        answer = self.post(model="vendor/echo", messages=[{"role": "user", "content": "one two"}])
        self.assertEqual(answer.status, 200, answer)
        self.assertNotIn("messages", self.vendor.only_request().json)
        self.assertEqual(answer.json["output"][0]["content"][0]["text"], "You said: one two")

    def test_it_answers_when_a_provider_of_another_dialect_fails(self) -> None:
        for stream in (False, True):
            with self.subTest(stream=stream):
                raw = self.client.responses.with_raw_response.create(model="either", input="hello", stream=stream)
                self.assertEqual(raw.headers["x-provider"], "vendor")
                answer = raw.parse()
                response = list(answer)[-1].response if stream else answer
                self.assertEqual(response.output_text, "You said: hello")

    def test_its_refusals_pass(self) -> None:
        with self.assertRaises(openai.BadRequestError) as raised:
            self.ask("vendor/refuse-400")
        self.assertEqual(raised.exception.code, "context_length_exceeded")
        with self.assertRaises(openai.NotFoundError):
            self.ask("vendor/refuse-404")

    def test_a_stream_that_breaks_never_looks_complete(self) -> None:
        for name in ("vendor/cut", "vendor/broken"):
            with self.subTest(model=name):
                answer = self.post(model=name, input="one two three", stream=True)
                events = [json.loads(event) for event in answer.events]
                self.assertEqual(events[-1]["type"], "response.failed", events[-2:])
                self.assertEqual([event["sequence_number"] for event in events], list(range(len(events))))
                self.assertEqual(events[-1]["response"]["id"], events[0]["response"]["id"])
                self.assertTrue(events[-1]["response"]["error"]["code"])


if __name__ == "__main__":
    unittest.main()
