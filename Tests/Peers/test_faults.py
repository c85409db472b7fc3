"""Targets that fail in every way that is known, with and without a healthy second one, seen by the official SDKs.

The table is in `fault_table`, what the failing server does in `faults`.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from fault_case import FIRST_WORDS, SECOND_WORDS, FaultCase, Lane, Seen, cases, model, names
from fault_table import CUT, FINE, ROWS, SECOND, Row, Shown
from harness import eventually

# Enough that rows of silence do not add up, and few enough for two cores.
AT_ONCE = 8
INTERRUPTED = {"chat": ("server_error", "stream_interrupted"), "messages": ("api_error", None)}


class Table(FaultCase):
    @classmethod
    def models(cls) -> list[str]:
        made = []
        for row in ROWS:
            for lane, mode, targets in cases(row):
                name, tail = names(row, lane, mode, targets)
                first = (f"{row.account}_{lane.first}", f"{row.fault}.{tail}")
                second = [(f"second_{lane.second}", f"fine.{tail}-{row.fault}")] if targets == "two" else []
                made.append(model(name, first, *second))
        return made

    def check(self, row: Row, lane: Lane, mode: str, targets: str) -> None:
        name, tail = names(row, lane, mode, targets)
        first, second = f"{row.fault}.{tail}", f"fine.{tail}-{row.fault}"
        expected = row.two if targets == "two" else row.alone
        seen = self.ask(lane.surface, name, mode)
        if isinstance(expected, Shown):
            self.assert_shown(expected, lane, seen)
        elif expected == CUT:
            self.assert_cut(lane, seen)
        else:
            self.assertIsNone(seen.raised, seen)
            self.assertEqual((seen.status, seen.is_complete), (200, True), seen)
            self.assertEqual(seen.text, {FINE: FIRST_WORDS, SECOND: SECOND_WORDS}[expected])
        helped = expected == SECOND
        self.assertEqual(self.first.asked(first), row.asked, "requests at the first target")
        self.assertEqual(self.second.asked(second), int(helped), "requests at the second target")
        self.assertEqual(seen.field("x-gateway-attempts"), str(row.first_attempts + helped))
        last = f"second_{lane.second}" if helped else f"{row.account}_{lane.first}"
        self.assertEqual(seen.field("x-provider"), last)
        if row.fault in ("silent", "slow", "stalled"):
            self.assertTrue(eventually(lambda: self.first.abandoned(first)), "the silent call was not given up")

    def assert_shown(self, expected: Shown, lane: Lane, seen: Seen) -> None:
        self.assertIsNotNone(seen.raised, seen)
        self.assertFalse(seen.is_complete or seen.text, seen)
        if expected.is_page and lane.surface == lane.first:
            self.assertEqual((seen.status, seen.type), (expected.status, "page"), seen)
        elif lane.surface == "messages":
            self.assertEqual((seen.status, seen.type), expected.claude, seen)
        else:
            is_claudes = lane.first == "messages" and expected.from_claude != "the same"
            code = expected.from_claude if is_claudes else expected.code
            self.assertEqual((seen.status, seen.type, seen.code), (expected.status, expected.type, code), seen)
        self.assertEqual(seen.field("x-should-retry"), expected.should_retry, seen)
        wait = seen.field("retry-after")
        if expected.wait is None:
            self.assertIsNone(wait, seen)
        else:
            self.assertIn(int(wait or 0), expected.wait, seen)
        self.assertTrue(seen.field("x-request-id"), seen)
        self.assertTrue(seen.message, seen)

    def assert_cut(self, lane: Lane, seen: Seen) -> None:
        """A stream that broke: what came before is there, and nothing says that it is whole."""
        self.assertEqual(seen.status, 200, seen)
        self.assertFalse(seen.is_complete, seen)
        self.assertTrue(seen.text and FIRST_WORDS.startswith(seen.text) and seen.text != FIRST_WORDS, seen)
        if lane.surface == "responses":
            self.assertEqual(seen.type, "failed", seen)
        else:
            self.assertEqual((seen.type, seen.code), INTERRUPTED[lane.surface], seen)
            self.assertIsNotNone(seen.raised, seen)

    def run_row(self, row: Row) -> None:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            running = {case: pool.submit(self.check, row, *case) for case in cases(row)}
        for (lane, mode, targets), result in running.items():
            with self.subTest(lane=lane.name, mode=mode, targets=targets):
                result.result()


def _add(row: Row) -> None:
    name = f"test_{row.fault.replace('-', '_')}"
    assert not hasattr(Table, name), f"{row.fault} stands in the table twice"
    setattr(Table, name, lambda self: self.run_row(row))
    getattr(Table, name).__name__ = name


for _row in ROWS:
    _add(_row)
