"""Outages as the official SDKs see them: circuits, several targets that fail, SDKs that retry, and what helpers make of
streams that break.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import anthropic
import openai
from fault_case import FIRST_WORDS, LIMIT_S, PROMPT, SECOND_WORDS, FaultCase, Seen, model
from fault_table import ALL_LIMITED, BAD_KEY, FAILED, INVALID, LATE, Shown
from harness import eventually

SURFACES = ("chat", "messages", "responses")
TOO_LATE = {
    "chat": ("server_error", "stream_interrupted"), "messages": ("api_error", None),
    "responses": ("failed", "server_error"),
}
OPEN = Shown(503, "server_error", "circuit_open", (529, "overloaded_error"), "true", range(1, 3))
UNKNOWN = FAILED  # with several targets nobody says which of them does not know the model

# Targets that fail one after the other: how often each is asked, and what is seen in the end.
CHAINS = [
    (("limited-long", "limited"), (1, 1), ALL_LIMITED),
    (("limited-long", "error-500"), (1, 2), FAILED),
    (("error-500", "limited-long"), (2, 1), FAILED),
    (("silent", "silent"), (1, 1), LATE),
    (("error-500", "silent"), (2, 1), LATE),
    (("no-model", "no-model"), (1, 1), UNKNOWN),
    (("error-500", "key-401"), (2, 1), BAD_KEY),
    (("key-401", "error-500"), (1, 2), FAILED),
    (("error-500", "error-500", "fine"), (2, 2, 0), FAILED),  # four attempts are all there are
    (("error-500", "invalid-400", "fine"), (2, 1, 0), INVALID),
    (("limited-long", "key-401", "fine"), (1, 1, 1), None),
    (("page", "silent", "fine"), (1, 1, 1), None),
    (("hung-up", "no-model", "fine"), (2, 1, 1), None),
]
# Faults after which SDKs, left to themselves, would ask again.
RETRIED = {"error-500": 2, "error-529": 2, "hung-up": 2, "silent": 1, "page": 1, "key-401": 1, "unpaid": 1, "redirect": 1}
WINDOWS = [("small", "context", 8_000), ("small-too", "fine", 8_000), ("large", "fine", 9_000)]
CUTS = ("cut", "unfinished", "malformed", "bad-chunk", "error-midway", "stalled")


class Circuits(FaultCase):
    """With pauses of a second, and otherwise the defaults."""

    pause_s = 1.0
    reliability = [
        "[reliability]",
        "idle_stream_timeout_s = 1",
        "[reliability.retry]",
        "base_delay_s = 0.02",
        "[reliability.circuit_breaker]",
        f"open_s = {pause_s}",
        "max_open_s = 2",
    ]

    @classmethod
    def models(cls) -> list[str]:
        made = []
        for kind in SURFACES:
            for name in ("alone", "retrying"):
                made.append(model(f"{kind}/{name}", (f"first_{kind}", f"moody.{kind}-{name}")))
            first, second = f"moody.{kind}-two", f"fine.{kind}-two"
            made.append(model(f"{kind}/two", (f"first_{kind}", first), (f"second_{kind}", second)))
        return made

    def break_circuit(self, kind: str, name: str) -> str:
        """Fails five times; two attempts a request, so the third one has but one."""
        target = f"moody.{kind}-{name}"
        self.first.sick.add(target)
        for _ in range(3):
            self.assert_shown(FAILED, kind, self.ask(kind, f"{kind}/{name}", "whole"))
        self.assertEqual(self.first.asked(target), 5)
        return target

    def test_an_only_target_is_left_alone_and_comes_back(self) -> None:
        for kind in SURFACES:
            with self.subTest(surface=kind):
                target = self.break_circuit(kind, "alone")
                taken = []
                for mode in ("stream", "whole", "stream"):
                    began = time.monotonic()
                    seen = self.ask(kind, f"{kind}/alone", mode)
                    taken.append(time.monotonic() - began)
                    self.assert_shown(OPEN, kind, seen)
                    self.assertEqual(seen.field("x-gateway-attempts"), "0")
                self.assertLess(min(taken), 0.25)
                self.assertEqual(self.first.asked(target), 5, "nothing is sent while the circuit is open")
                self.first.sick.discard(target)
                seen = eventually(lambda: self.answer(kind, "alone"), limit_s=self.pause_s * 1.2 + 1)
                self.assert_answered(FIRST_WORDS, seen)
                self.assertEqual(self.first.asked(target), 6)
                for mode in ("stream", "whole", "stream"):
                    self.assert_answered(FIRST_WORDS, self.ask(kind, f"{kind}/alone", mode))

    def answer(self, kind: str, name: str) -> Seen | None:
        seen = self.ask(kind, f"{kind}/{name}", "stream")
        return None if seen.raised else seen

    def test_a_second_target_answers_all_the_while(self) -> None:
        for kind in SURFACES:
            with self.subTest(surface=kind):
                target = f"moody.{kind}-two"
                self.first.sick.add(target)
                for number in range(12):
                    mode = ("stream", "whole")[number % 2]
                    self.assert_answered(SECOND_WORDS, self.ask(kind, f"{kind}/two", mode))
                self.assertEqual(self.first.asked(target), 5, "failures until the circuit opened")
                time.sleep(self.pause_s * 1.2 + 0.1)
                # The one request that tries the target finds it sick, and is answered all the same.
                seen = self.ask(kind, f"{kind}/two", "whole")
                self.assert_answered(SECOND_WORDS, seen)
                self.assertEqual((self.first.asked(target), seen.field("x-gateway-attempts")), (6, "2"))
                self.assert_answered(SECOND_WORDS, self.ask(kind, f"{kind}/two", "whole"))
                self.assertEqual(self.first.asked(target), 6)
                self.first.sick.discard(target)
                # Now the pause is twice as long.
                time.sleep(2 * self.pause_s * 1.2 + 0.1)
                for mode in ("whole", "stream", "whole"):
                    self.assert_answered(FIRST_WORDS, self.ask(kind, f"{kind}/two", mode))
                self.assertEqual(self.first.asked(target), 9)

    def test_sdks_that_retry_reach_nobody_while_the_circuit_is_open(self) -> None:
        clients = self.new_clients(max_retries=2)
        for kind in SURFACES:
            with self.subTest(surface=kind):
                target = self.break_circuit(kind, "retrying")
                self.first.sick.discard(target)
                # The SDK waits as Retry-After says and asks again; by then the target is tried, and answers.
                self.assert_answered(FIRST_WORDS, self.ask(kind, f"{kind}/retrying", "whole", clients))
                self.assertEqual(self.first.asked(target), 6)


class Chains(FaultCase):
    @classmethod
    def models(cls) -> list[str]:
        made = []
        for kind in SURFACES:
            for number, (faults, _, _) in enumerate(CHAINS):
                for mode in ("stream", "whole"):
                    targets = [
                        (f"{place}_{kind}", f"{fault}.{kind}-{number}-{mode}-{place}")
                        for place, fault in zip(("timed", "limited", "second"), faults)
                    ]
                    made.append(model(f"{kind}/{number}/{mode}", *targets))
            for fault in RETRIED:
                for mode in ("stream", "whole"):
                    target = (f"timed_{kind}", f"{fault}.{kind}-{mode}-retried")
                    made.append(model(f"{kind}/{fault}/{mode}", target))
            for fault in CUTS:
                made.append(model(f"{kind}/{fault}", (f"first_{kind}", f"{fault}.{kind}"), (f"second_{kind}", "fine")))
            for name, fault, window in WINDOWS:
                text = model(f"{kind}/{name}", (f"first_{kind}", f"{fault}.{kind}-{name}"))
                made.append(text.replace("\nrouting", f"\ncontext_window = {window}\nrouting", 1))
            for name, order in (("grow", ("small", "small-too", "large")), ("stuck", ("small", "small-too"))):
                targets = ", ".join(f'"{kind}/{place}"' for place in order)
                made.append(f'[aliases."{kind}/{name}"]\nstrategy = "first"\ntargets = [{targets}]')
        return made

    def test_several_targets_that_fail(self) -> None:
        cases = [
            (kind, number, mode)
            for kind in SURFACES for number in range(len(CHAINS)) for mode in ("stream", "whole")
        ]
        with ThreadPoolExecutor(8) as pool:
            running = {case: pool.submit(self.check_chain, *case) for case in cases}
        for (kind, number, mode), result in running.items():
            with self.subTest(surface=kind, targets=CHAINS[number][0], mode=mode):
                result.result()

    def check_chain(self, kind: str, number: int, mode: str) -> None:
        faults, asked, expected = CHAINS[number]
        seen = self.ask(kind, f"{kind}/{number}/{mode}", mode)
        if expected is None:
            self.assert_answered(SECOND_WORDS, seen)
        else:
            self.assert_shown(expected, kind, seen)
        counts = []
        for place, fault in zip(("timed", "limited", "second"), faults):
            server = self.second if place == "second" else self.first
            counts.append(server.asked(f"{fault}.{kind}-{number}-{mode}-{place}"))
        self.assertEqual(tuple(counts), asked, "requests at each target")
        self.assertEqual(seen.field("x-gateway-attempts"), str(sum(asked)))

    def test_sdks_that_retry_by_themselves_do_not_multiply_the_load(self) -> None:
        clients = self.new_clients(max_retries=2)
        cases = [(kind, fault, mode) for kind in SURFACES for fault in RETRIED for mode in ("stream", "whole")]
        with ThreadPoolExecutor(8) as pool:
            ask = lambda kind, fault, mode: self.ask(kind, f"{kind}/{fault}/{mode}", mode, clients)  # noqa: E731
            running = {case: pool.submit(ask, *case) for case in cases}
        for (kind, fault, mode), result in running.items():
            with self.subTest(surface=kind, fault=fault, mode=mode):
                self.assertIsNotNone(result.result().raised)
                self.assertEqual(self.first.asked(f"{fault}.{kind}-{mode}-retried"), RETRIED[fault])

    def test_a_prompt_that_is_too_long_goes_only_where_it_fits(self) -> None:
        for kind in SURFACES:
            for mode in ("stream", "whole"):
                with self.subTest(surface=kind, mode=mode):
                    self.assert_answered(FIRST_WORDS, self.ask(kind, f"{kind}/grow", mode))
                    self.assertEqual(self.ask(kind, f"{kind}/stuck", mode).status, 400)
            self.assertEqual(self.first.asked(f"context.{kind}-small"), 4)
            self.assertEqual(self.first.asked(f"fine.{kind}-small-too"), 0)
            self.assertEqual(self.first.asked(f"fine.{kind}-large"), 2)

    def test_helpers_that_gather_a_stream_raise_when_it_breaks(self) -> None:
        turns = [{"role": "user", "content": PROMPT}]
        for fault in CUTS:
            with self.subTest(surface="chat", fault=fault), self.assertRaises(openai.APIError):
                with self.openai.chat.completions.stream(model=f"chat/{fault}", messages=turns) as stream:
                    stream.get_final_completion()
            with self.subTest(surface="messages", fault=fault), self.assertRaises(anthropic.APIError):
                with self.claude.messages.stream(model=f"messages/{fault}", messages=turns, max_tokens=64) as stream:
                    stream.get_final_message()
            # This helper knows no failure of a response: it says that the end is missing.
            with self.subTest(surface="responses", fault=fault), self.assertRaises((openai.APIError, RuntimeError)):
                with self.openai.responses.stream(model=f"responses/{fault}", input=PROMPT) as stream:
                    stream.get_final_response()


class Stale(FaultCase):
    """By itself: a connection that is kept may be used by any request."""

    @classmethod
    def models(cls) -> list[str]:
        return [model(f"{kind}/stale", (f"first_{kind}", f"stale.{kind}")) for kind in SURFACES]

    def test_a_connection_that_went_stale_is_replaced_and_counts_as_nothing(self) -> None:
        for kind in SURFACES:
            with self.subTest(surface=kind):
                for _ in range(3):
                    seen = self.ask(kind, f"{kind}/stale", "whole")
                    self.assert_answered(FIRST_WORDS, seen)
                    self.assertEqual(seen.field("x-gateway-attempts"), "1")
                self.assertGreater(self.first.asked(f"stale.{kind}"), 3, "no connection was used twice")


class Deadline(FaultCase):
    """One deadline over all attempts."""

    reliability = [
        "[reliability]",
        "total_timeout_s = 1.5",
        "idle_stream_timeout_s = 10",
        "[reliability.circuit_breaker]",
        "enabled = false",
    ]

    @classmethod
    def models(cls) -> list[str]:
        made = []
        for kind in SURFACES:
            made.append(model(f"{kind}/silent", (f"first_{kind}", f"silent.{kind}")))
            made.append(model(f"{kind}/endless", (f"first_{kind}", f"endless.{kind}")))
            made.append(model(f"{kind}/both", (f"timed_{kind}", f"silent.{kind}-1"), (f"second_{kind}", "silent.2")))
        return made

    def test_it_ends_what_has_no_limit_of_its_own(self) -> None:
        for kind in SURFACES:
            for mode in ("stream", "whole"):
                with self.subTest(surface=kind, mode=mode):
                    began = time.monotonic()
                    self.assert_shown(LATE, kind, self.ask(kind, f"{kind}/silent", mode))
                    taken = time.monotonic() - began
                    self.assertTrue(1.4 < taken < 3, taken)

    def test_it_holds_over_all_targets(self) -> None:
        for kind in SURFACES:
            with self.subTest(surface=kind):
                began = time.monotonic()
                self.assert_shown(LATE, kind, self.ask(kind, f"{kind}/both", "whole"))
                self.assertLess(time.monotonic() - began, LIMIT_S + 1.2)
        self.assertEqual(self.second.asked("silent.2"), len(SURFACES))

    def test_a_stream_that_it_ends_does_not_look_whole(self) -> None:
        for kind in SURFACES:
            with self.subTest(surface=kind):
                seen = self.ask(kind, f"{kind}/endless", "stream")
                self.assertFalse(seen.is_complete, seen)
                self.assertTrue(seen.text)
                self.assertEqual((seen.type, seen.code), TOO_LATE[kind], seen)
                self.assertTrue(seen.raised or kind == "responses", seen)
