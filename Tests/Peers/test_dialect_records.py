"""What is recorded of calls on upstreams of other dialects: tokens, cost, interruptions."""

from __future__ import annotations

from decimal import Decimal

import openai
from dialect_case import PRICES, DialectCase, claude_usage, ollama_usage
from harness import ADMIN_KEY, eventually


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
