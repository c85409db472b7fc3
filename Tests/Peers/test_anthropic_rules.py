"""The rules of Anthropic's API that its SDK rests on: threads, counting, lists, errors, versions, and bytes kept.

Run under each major version of the SDK that is in use (see scripts/peers.sh).
"""

from __future__ import annotations

import itertools
import json

import anthropic
from harness import GATEWAY_KEY
from messages_case import MAJOR, WEATHER, MessagesCase, user
from surface_case import SIDES, UPSTREAM_KEY


class Threads(MessagesCase):
    HEADERS = {"anthropic-version": "2026-10-21", "anthropic-beta": "message-threads-2026-08-12"}

    def send(self, name: str, thread: dict):
        body = {"model": name, "max_tokens": 99, "messages": user("hi"), "thread": thread}
        return self.martlet.request("POST", "/v1/messages", body, headers=self.HEADERS)

    def test_a_thread_is_refused_where_there_are_none_so_that_the_sdk_goes_on(self) -> None:
        kinds = ({"type": "create"}, {"type": "continue", "previous_message_id": "msg_before"})
        for side, thread in itertools.product(("chat", "ollama"), kinds):
            with self.subTest(upstream=side, thread=thread):
                self.forget()
                answer = self.send(f"{side}/echo", thread)
                self.assertEqual(answer.status, 400, answer)
                error = answer.json["error"]
                self.assertEqual((answer.json["type"], error["type"]), ("error", "invalid_request_error"))
                details = {"error_code": "thread_unsupported_request", "unsupported": ["model"]}
                self.assertEqual(error["details"], details)
                self.assertEqual(self.upstream(side).received, [])

    def test_an_unknown_thread_is_not_found(self) -> None:
        answer = self.send("claude/echo", {"type": "continue", "previous_message_id": "msg_never_seen_here"})
        self.assertEqual(answer.json["error"]["details"]["error_code"], "thread_not_found", answer)


class Counting(MessagesCase):
    def test_tokens_are_counted_for_every_upstream(self) -> None:
        for side in ("chat", "ollama"):
            with self.subTest(upstream=side):
                raw = self.client.messages.with_raw_response.count_tokens(
                    model=f"{side}/echo", messages=user("one two three"), system="Be brief.", tools=[WEATHER]
                )
                self.assertGreater(raw.parse().input_tokens, 5)
                self.assertEqual(raw.headers["x-gateway-estimated"], "1")
                self.assertEqual(self.upstream(side).received, [])


class Models(MessagesCase):
    def test_the_list_has_the_shape_of_its_dialect(self) -> None:
        models = {entry.id: entry for entry in self.client.models.list()}
        self.assertLessEqual({"chat/echo", "claude/echo", "ollama/echo"}, models.keys())
        entry = models["claude/echo"]
        self.assertEqual((entry.type, bool(entry.display_name)), ("model", True))
        self.assertGreater(entry.created_at.year, 1969)
        self.assertEqual(self.client.models.retrieve("claude/echo").id, "claude/echo")
        with self.assertRaises(anthropic.NotFoundError):
            self.client.models.retrieve("claude/no-such-model")

    def test_a_limit_and_an_unknown_query_do_not_hurt(self) -> None:
        answer = self.martlet.request("GET", "/v1/models?limit=1000", headers={"anthropic-version": "2023-06-01"})
        self.assertEqual((answer.status, answer.json["has_more"]), (200, False))
        ids = [entry["id"] for entry in answer.json["data"]]
        self.assertEqual((answer.json["first_id"], answer.json["last_id"]), (ids[0], ids[-1]))


class Failures(MessagesCase):
    def test_errors_are_of_their_classes(self) -> None:
        cases = [
            ("refuse-400", anthropic.BadRequestError, "invalid_request_error"),
            ("refuse-404", anthropic.NotFoundError, "not_found_error"),
        ]
        for side, (name, kind, word), stream in itertools.product(SIDES, cases, (False, True)):
            with self.subTest(upstream=side, model=name, stream=stream):
                with self.assertRaises(kind) as raised:
                    self.ask(f"{side}/{name}", stream=stream)
                self.assertEqual((raised.exception.type, raised.exception.body["type"]), (word, "error"))
                self.assertTrue(raised.exception.request_id)

    def test_a_rate_limit_says_when_to_come_back(self) -> None:
        for side in ("chat", "claude"):
            with self.subTest(upstream=side):
                with self.assertRaises(anthropic.RateLimitError) as raised:
                    self.ask(f"{side}/refuse-429")
                self.assertEqual(raised.exception.type, "rate_limit_error")
                self.assertIn(int(raised.exception.response.headers["retry-after"]), range(1, 32))

    def test_a_failing_upstream_is_the_gateways_failure(self) -> None:
        for side in SIDES:
            with self.subTest(upstream=side):
                with self.assertRaises(anthropic.InternalServerError) as raised:
                    self.ask(f"{side}/refuse-500")
                self.assertEqual((raised.exception.status_code, raised.exception.type), (502, "api_error"))

    def test_an_unknown_model_and_a_wrong_key(self) -> None:
        with self.assertRaises(anthropic.NotFoundError) as raised:
            self.ask("no-such-model")
        self.assertEqual(raised.exception.type, "not_found_error")
        with self.new_client(api_key="wrong") as client, self.assertRaises(anthropic.AuthenticationError) as raised:
            client.messages.create(model="chat/echo", max_tokens=9, messages=user("hi"))
        self.assertEqual(raised.exception.type, "authentication_error")

    def test_a_stream_that_breaks_never_looks_complete(self) -> None:
        for name in ("chat/cut", "claude/cut", "claude/overloaded", "ollama/cut", "ollama/broken"):
            with self.subTest(model=name):
                body = {"model": name, "max_tokens": 99, "messages": user("one two three"), "stream": True}
                headers = {"anthropic-version": "2023-06-01"}
                answer = self.martlet.request("POST", "/v1/messages", body, headers=headers)
                self.assertEqual(answer.status, 200, answer)
                events = [json.loads(event) for event in answer.events]
                self.assertEqual([event["type"] for event in events].count("error"), 1, events)
                self.assertEqual(events[-1]["type"], "error")
                self.assertTrue(events[-1]["error"]["type"].endswith("_error"), events[-1])
                self.assertNotIn("message_stop", [event["type"] for event in events])
                with self.assertRaises(anthropic.APIStatusError):
                    self.streamed(name)


class Versions(MessagesCase):
    """The two wire versions and the betas, towards an upstream of the same dialect and others."""

    def post(self, name: str, more: dict, headers: dict[str, str]):
        body = {"model": name, "max_tokens": 99, "messages": user("hi")} | more
        return self.martlet.request("POST", "/v1/messages", body, headers=headers)

    def test_the_callers_version_and_betas_reach_its_own_upstream_verbatim(self) -> None:
        for version, beta in (("2023-06-01", "one-2025-01-01,two-2026-02-02"), ("2026-10-21", "three-2026-03-03")):
            with self.subTest(version=version):
                self.forget()
                answer = self.post("claude/echo", {}, {"anthropic-version": version, "anthropic-beta": beta})
                self.assertEqual(answer.status, 200, answer)
                headers = self.claude.only_request().headers
                self.assertEqual((headers["anthropic-version"], headers["anthropic-beta"]), (version, beta))

    def test_sampling_is_refused_by_the_newer_version_only(self) -> None:
        for side in SIDES:
            with self.subTest(upstream=side):
                old = self.post(f"{side}/echo", {"temperature": 0.5}, {"anthropic-version": "2023-06-01"})
                self.assertEqual(old.status, 200, old)
                new = self.post(f"{side}/echo", {"temperature": 0.5}, {"anthropic-version": "2026-10-21"})
                self.assertEqual((new.status, new.json["error"]["type"]), (400, "invalid_request_error"))

    def test_what_betas_bring_is_dropped_in_pairs_for_other_upstreams(self) -> None:
        more = {
            "context_management": {"edits": [{"type": "clear_tool_uses_20250919"}]},
            "output_config": {"effort": "high"},
            "thinking": {"type": "adaptive"},
            "tools": [WEATHER | {"defer_loading": True}],
        }
        headers = {"anthropic-version": "2023-06-01", "anthropic-beta": "context-management-2025-06-27"}
        for side in ("chat", "ollama"):
            with self.subTest(upstream=side):
                self.forget()
                answer = self.post(f"{side}/echo", more, headers)
                self.assertEqual(answer.status, 200, answer)
                received = self.upstream(side).only_request()
                self.assertEqual([name for name in received.headers if name.startswith("anthropic")], [])
                self.assertEqual({"context_management", "output_config", "thinking"} & received.json.keys(), set())
                self.assertNotIn("defer_loading", received.body.decode())
                self.assertIn("context_management", self.dropped(answer.headers))

    def test_an_unknown_member_is_for_its_own_upstream_to_judge(self) -> None:
        self.assertEqual(self.post("chat/echo", {"later": 1}, {"anthropic-version": "2023-06-01"}).status, 200)
        answer = self.post("claude/echo", {"later": 1}, {"anthropic-version": "2023-06-01"})
        self.assertEqual((answer.status, self.claude.received[-1].json["later"]), (400, 1))

    def test_the_sdk_of_this_run_sends_what_it_is_known_to_send(self) -> None:
        self.forget()
        self.ask("claude/echo")
        version = self.claude.only_request().headers["anthropic-version"]
        self.assertEqual(version, "2023-06-01" if MAJOR < 2 else "2026-10-21")


class Bytes(MessagesCase):
    def test_only_the_model_name_is_replaced(self) -> None:
        before = b'{ "max_tokens":99 ,\t"model" : "'
        after = b'" ,"messages":[ {"role":"user","content":"\\u0068i \xc3\xa9"}], "metadata" : {"user_id":"u"}}\n'
        body = before + b"claude/echo" + after
        answer = self.martlet.request("POST", "/v1/messages", body, headers={"anthropic-version": "2023-06-01"})
        self.assertEqual(answer.status, 200, answer)
        received = self.claude.only_request()
        self.assertEqual(received.body, before + b"echo" + after)
        self.assertEqual(answer.body, received.answer)
        self.assertEqual(received.headers["x-api-key"], UPSTREAM_KEY)
        self.assertEqual([name for name, value in received.headers.items() if GATEWAY_KEY in value], [])

    def test_a_stream_is_the_upstreams_bytes(self) -> None:
        body = {"model": "claude/echo", "max_tokens": 99, "messages": user("hi"), "stream": True}
        answer = self.martlet.request("POST", "/v1/messages", body, headers={"anthropic-version": "2023-06-01"})
        self.assertEqual(answer.body, self.claude.only_request().answer)

    def test_a_greeting_is_answered(self) -> None:
        answer = self.martlet.request("HEAD", "/api/hello", key=None)
        self.assertEqual((answer.status, answer.body), (200, b""))
