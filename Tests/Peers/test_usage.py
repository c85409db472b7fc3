"""The usage report and the metrics against what the upstream itself said, to the token and to the nano-dollar."""

from __future__ import annotations

import datetime
import http.client
import json
import re
import unittest
from dataclasses import dataclass
from decimal import Decimal

from harness import ADMIN_KEY, GATEWAY_KEY, Martlet, eventually
from scripted_upstream import ScriptedUpstream

COUNTED = (
    "requests succeeded failed cancelled interrupted attempts input_tokens output_tokens cache_read_tokens "
    "cache_write_tokens reasoning_tokens estimated_requests unpriced_requests cost_nano_usd"
).split()


@dataclass(frozen=True)
class Price:
    """Dollars for a million tokens, written as in the configuration; pico-dollars for one token are 10^6 times that."""

    input: str = "0.0335"
    cached: str = "0.0007"
    output: str = "1.0005"

    @staticmethod
    def pico(price: str) -> int:
        return int(Decimal(price) * 10**6)

    def nano_usd(self, usage: dict) -> int:
        """A record's cost: summed exactly, rounded half up once."""
        cached = usage["prompt_tokens_details"]["cached_tokens"]
        pico = (
            (usage["prompt_tokens"] - cached) * self.pico(self.input)
            + cached * self.pico(self.cached)
            + usage["completion_tokens"] * self.pico(self.output)
        )
        return (pico + 500) // 1000


PRICE = Price()


def configuration(base_url: str) -> str:
    parts = [
        "version = 1",
        "[gateway.providers.scripted]",
        'type = "openai_compatible"',
        f'base_url = "{base_url}"',
        'api_key_location = "none"',
    ]
    for model in ("echo", "refuse-500", "refuse-400", "endless", "unpriced"):
        upstream_model = "echo" if model == "unpriced" else model
        parts += [f"[models.{model}]", 'routing = ["scripted"]']
        if model != "unpriced":
            parts += [
                f"input_price_per_mtok = {PRICE.input}",
                f"cache_read_price_per_mtok = {PRICE.cached}",
                f"output_price_per_mtok = {PRICE.output}",
            ]
        parts += [f"[models.{model}.providers.scripted]", f'model_name = "{upstream_model}"']
    return "\n".join(parts) + "\n"


class Usage(unittest.TestCase):
    def setUp(self) -> None:
        self.upstream = self.enterContext(ScriptedUpstream())
        self.martlet = self.enterContext(Martlet(configuration(self.upstream.base_url)))

    def ask(self, model: str, text: str, **more):
        body = {"model": model, "messages": [{"role": "user", "content": text}]} | more
        return self.martlet.request("POST", "/v1/chat/completions", body)

    def report(self, query: str = "") -> dict:
        answer = self.martlet.request("GET", f"/admin/usage{query}", key=ADMIN_KEY)
        self.assertEqual(answer.status, 200, answer)
        return answer.json

    def rows(self, model: str) -> list[dict]:
        return [row for row in self.report()["data"] if row["model"] == model]

    def assert_counts(self, row: dict, **expected: int) -> None:
        self.assertEqual({name: row[name] for name in COUNTED}, dict.fromkeys(COUNTED, 0) | expected)
        self.assertRegex(row["cost_usd"], r"^\d+(\.\d{1,9})?$")
        self.assertEqual(Decimal(row["cost_usd"]) * 10**9, row["cost_nano_usd"])

    def test_totals_equal_what_the_upstream_reported(self) -> None:
        for number in range(1, 13):
            text = " ".join(["word"] * number)
            self.assertEqual(self.ask("echo", text).status, 200)
            asked = self.ask("echo", text, stream=True, stream_options={"include_usage": True})
            self.assertEqual(asked.events[-1], "[DONE]")
            silent = self.ask("echo", text, stream=True)
            self.assertFalse([event for event in silent.events[:-1] if json.loads(event).get("usage")])
        reported = [received.usage for received in self.upstream.received]
        self.assertEqual(len(reported), 36)
        self.assertNotIn(None, reported, "the gateway asks every stream for its usage")

        [row] = self.rows("echo")
        self.assertEqual((row["provider"], row["key"]), ("scripted", "static"))
        self.assert_counts(
            row,
            requests=36,
            succeeded=36,
            attempts=36,
            input_tokens=sum(usage["prompt_tokens"] for usage in reported),
            output_tokens=sum(usage["completion_tokens"] for usage in reported),
            cache_read_tokens=sum(usage["prompt_tokens_details"]["cached_tokens"] for usage in reported),
            reasoning_tokens=sum(usage["completion_tokens_details"]["reasoning_tokens"] for usage in reported),
            cost_nano_usd=sum(PRICE.nano_usd(usage) for usage in reported),
        )
        report = self.report()
        self.assertEqual({name: report["totals"][name] for name in COUNTED}, {name: row[name] for name in COUNTED})
        self.assert_metrics_agree(row)

    def assert_metrics_agree(self, row: dict) -> None:
        text = self.martlet.request("GET", "/metrics").body.decode()
        for direction in ("input", "output"):
            series = rf'^gateway_tokens_total\{{([^}}]*direction="{direction}"[^}}]*)\}} (\S+)$'
            [(labels, value)] = re.findall(series, text, re.MULTILINE)
            self.assertIn('provider="scripted"', labels)
            self.assertEqual(float(value), row[f"{direction}_tokens"])

    def test_failures_count_and_cost_nothing(self) -> None:
        self.assertEqual(self.ask("refuse-500", "hello").status, 502)
        self.assertEqual(self.ask("refuse-400", "hello").status, 400)
        self.assertEqual(self.ask("no-such-model", "hello").status, 404)
        [twice] = self.rows("refuse-500")
        self.assert_counts(twice, requests=1, failed=1, attempts=2)
        [once] = self.rows("refuse-400")
        self.assert_counts(once, requests=1, failed=1, attempts=1)
        self.assertEqual(self.report()["totals"]["requests"], 2, "what is refused before admit is not in the report")

    def test_a_model_without_a_price_is_counted_as_such(self) -> None:
        self.ask("unpriced", "one two three")
        usage = self.upstream.only_request().usage
        [row] = self.rows("unpriced")
        self.assert_counts(
            row,
            requests=1,
            succeeded=1,
            attempts=1,
            unpriced_requests=1,
            input_tokens=usage["prompt_tokens"],
            output_tokens=usage["completion_tokens"],
            cache_read_tokens=usage["prompt_tokens_details"]["cached_tokens"],
            reasoning_tokens=usage["completion_tokens_details"]["reasoning_tokens"],
        )

    def test_a_stream_that_is_left_is_estimated_and_says_so(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.martlet.port, timeout=20)
        body = {"model": "endless", "messages": [{"role": "user", "content": "go on"}], "stream": True}
        headers = {"authorization": f"Bearer {GATEWAY_KEY}", "content-type": "application/json"}
        connection.request("POST", "/v1/chat/completions", json.dumps(body), headers)
        response = connection.getresponse()
        text = b""
        while text.count(b"word ") < 5:
            text += response.read1(4096)
        response.close()
        connection.close()
        self.assertTrue(self.upstream.only_request().reader_left.wait(1))

        [row] = eventually(lambda: self.rows("endless"))
        self.assertEqual((row["requests"], row["cancelled"], row["estimated_requests"]), (1, 1, 1))
        # One token for every four bytes of what was delivered: five words and more, of five bytes each.
        self.assertGreaterEqual(row["output_tokens"], 7)
        self.assertGreater(row["cost_nano_usd"], 0)

    def test_days_and_groups_are_chosen_by_the_query(self) -> None:
        self.ask("echo", "one")
        self.ask("unpriced", "one")
        today = datetime.datetime.now(datetime.timezone.utc).date()
        by_model = self.report(f"?from={today - datetime.timedelta(days=1)}&to={today}&group_by=model")
        self.assertEqual(by_model["group_by"], ["model"])
        self.assertEqual({row["model"]: row["requests"] for row in by_model["data"]}, {"echo": 1, "unpriced": 1})
        by_provider = self.report("?group_by=provider")
        self.assertEqual([(row["provider"], row["requests"]) for row in by_provider["data"]], [("scripted", 2)])
        past = self.report("?from=2020-01-01&to=2020-01-02")
        self.assertEqual((past["data"], past["totals"]["requests"]), ([], 0))

    def test_the_report_is_for_the_admin_key_only(self) -> None:
        self.assertEqual(self.martlet.request("GET", "/admin/usage", key=GATEWAY_KEY).status, 403)
        self.assertEqual(self.martlet.request("GET", "/admin/usage", key="wrong").status, 401)
        self.assertEqual(self.martlet.request("GET", "/admin/usage", key=None).status, 401)


if __name__ == "__main__":
    unittest.main()
