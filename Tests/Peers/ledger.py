"""Reads the ledger of a gateway that does not run, straight from its database."""

from __future__ import annotations

import sqlite3
import uuid
from dataclasses import dataclass
from pathlib import Path

STATES = ("intent", "settled", "cancelled", "interrupted", "failed")


@dataclass(frozen=True)
class Record:
    """One request: its first fields, in the order in which the gateway's codec writes them."""

    state: str
    streamed: bool
    estimated: bool
    attempts: int
    status: int
    input_tokens: int
    output_tokens: int
    cost_nano_usd: int | None
    model: str


class Payload:
    """The bytes of a record: LEB128 integers, signed ones zigzagged, and texts behind their lengths."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    def take(self, count: int) -> bytes:
        start, self._position = self._position, self._position + count
        assert self._position <= len(self._data), "a record ends too soon"
        return self._data[start : self._position]

    def byte(self) -> int:
        return self.take(1)[0]

    def varint(self) -> int:
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    def zigzag(self) -> int:
        value = self.varint()
        return value >> 1 ^ -(value & 1)

    def text(self) -> str:
        return self.take(self.varint()).decode()


def decode(data: bytes) -> tuple[uuid.UUID, Record]:
    payload = Payload(data)
    # What version 2 adds stands behind the rest.
    assert payload.byte() in (1, 2), "a record of another version"
    state, flags = STATES[payload.byte()], payload.byte()
    identifier = uuid.UUID(bytes=payload.take(16))
    payload.varint(), payload.varint()  # received and recorded at
    attempts, status = payload.varint(), payload.varint()
    payload.varint(), payload.varint()  # duration and first token
    input_tokens, output_tokens = payload.zigzag(), payload.zigzag()
    for flag in (4, 8, 16):  # cache read, cache write, reasoning
        if flags & flag:
            payload.zigzag()
    cost = payload.zigzag() if flags & 32 else None
    payload.text()  # key
    record = Record(
        state, bool(flags & 1), bool(flags & 2), attempts, status, input_tokens, output_tokens, cost, payload.text()
    )
    return identifier, record


def records(database: Path) -> dict[uuid.UUID, Record]:
    """All requests that have ended, by id.

    Raises: AssertionError when a request is still open, or its row has another id than its record.
    """
    with sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True) as connection:
        (still_open,) = connection.execute("SELECT count(*) FROM ledger_open").fetchone()
        assert still_open == 0, f"{still_open} requests are still open"
        found = {}
        for high, low, data in connection.execute("SELECT id_high, id_low, record FROM ledger"):
            identifier, record = decode(data)
            assert identifier.int == (high % 2**64) << 64 | low % 2**64, "a row's id is not its record's"
            found[identifier] = record
    connection.close()
    return found


def sums(database: Path) -> dict[str, int]:
    """What the daily sums add up to."""
    names = "requests succeeded failed cancelled interrupted attempts input_tokens output_tokens cost_nano_usd".split()
    with sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True) as connection:
        columns = ", ".join(f"total(usage_daily.{name})" for name in names)
        row = connection.execute(f"SELECT {columns} FROM usage_daily").fetchone()
    connection.close()
    return {name: int(value) for name, value in zip(names, row)}
