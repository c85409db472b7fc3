"""Failures of upstreams of other dialects, and targets of one dialect that stand in for those of another."""

from __future__ import annotations

import json

import openai
from dialect_case import WEATHER, WEATHER_ARGUMENTS, DialectCase
from scripted_anthropic import RETRY_AFTER_S


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
        self.assertIn(int(error.response.headers["retry-after"]), range(1, RETRY_AFTER_S + 1))

    def test_an_overloaded_upstream_is_told_as_such_with_a_wait(self) -> None:
        error = self.fails("claude/refuse-529", 503, "overloaded")
        self.assertEqual(error.type, "server_error")
        self.assertGreater(int(error.response.headers["retry-after"]), 0)

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
