"""Targets that fail in every way that is known, with and without a healthy second one, seen by the official SDKs.

The tables are in `fault_table`, what the failing server does in `faults`.
"""

from __future__ import annotations

import time

from fault_case import Lane, TableCase, add_rows
from fault_table import HEDGED_ROWS, HELD_BACK_ROWS, ROWS, Row

# Longer than an answer that is merely late.
HEDGE_S = 1.0


@add_rows
class Table(TableCase):
    rows = ROWS


@add_rows
class HeldBack(TableCase):
    """Streams that are sent only once they are complete: none of them breaks."""

    rows = HELD_BACK_ROWS
    reliability = [TableCase.reliability[0], 'guarantee = "complete"', *TableCase.reliability[1:]]


@add_rows
class Hedged(TableCase):
    """A second target is asked beside one that is silent for so long."""

    rows = HEDGED_ROWS
    limit_s = 3.0
    reliability = [*TableCase.reliability, "[reliability.hedge]", "enabled = true", f"delay_s = {HEDGE_S}"]

    def check(self, row: Row, lane: Lane, mode: str, targets: str) -> None:
        began = time.monotonic()
        super().check(row, lane, mode, targets)
        # Of a whole answer that has begun, the end is waited for.
        is_silent = row.fault == "silent" or (row.fault == "slow" and mode == "stream")
        if is_silent and targets == "two":
            self.assertLess(time.monotonic() - began, self.limit_s, "the limit of the first target was waited for")
