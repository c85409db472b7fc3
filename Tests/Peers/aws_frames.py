"""Frames of `application/vnd.amazon.eventstream`, written by an encoder of our own and read back by botocore's parser.

botocore has a parser only; every frame that is made here has been through it.
"""

from __future__ import annotations

import json
import struct
import uuid
import zlib

from botocore.eventstream import EventStreamBuffer, EventStreamMessage

Value = bool | str | bytes | uuid.UUID | tuple[str, int]


def header(name: str, value: Value) -> bytes:
    """One field; a number is a pair of its type's name and itself."""
    head = struct.pack(">B", len(name.encode())) + name.encode()
    match value:
        case bool():
            return head + (b"\0" if value else b"\1")
        case str():
            return head + struct.pack(">BH", 7, len(value.encode())) + value.encode()
        case bytes():
            return head + struct.pack(">BH", 6, len(value)) + value
        case uuid.UUID():
            return head + b"\x09" + value.bytes
        case (kind, number):
            code, layout = {"int8": (2, "b"), "int16": (3, "h"), "int32": (4, "i"), "int64": (5, "q"), "time": (8, "q")}[
                kind
            ]
            return head + struct.pack(f">B{layout}", code, number)
    raise TypeError(value)


def raw_frame(headers: bytes, payload: bytes) -> bytes:
    """A frame around any bytes, with checksums that fit."""
    lengths = struct.pack(">II", 16 + len(headers) + len(payload), len(headers))
    start = lengths + struct.pack(">I", zlib.crc32(lengths)) + headers + payload
    return start + struct.pack(">I", zlib.crc32(start))


def frame(headers: dict[str, Value], payload: bytes = b"") -> bytes:
    made = raw_frame(b"".join(header(name, value) for name, value in headers.items()), payload)
    [message] = read(made)
    assert message.payload == payload, message
    return made


def read(data: bytes) -> list[EventStreamMessage]:
    """What botocore reads of a stream; raises what it raises."""
    buffer = EventStreamBuffer()
    buffer.add_data(data)
    return list(buffer)


def event(kind: str, value: dict | bytes, content_type: str = "application/json") -> bytes:
    payload = value if isinstance(value, bytes) else json.dumps(value, separators=(",", ":")).encode()
    return frame({":event-type": kind, ":content-type": content_type, ":message-type": "event"}, payload)


def exception(kind: str, value: dict) -> bytes:
    fields = {":exception-type": kind, ":content-type": "application/json", ":message-type": "exception"}
    return frame(fields, json.dumps(value).encode())


def error(code: str, message: str) -> bytes:
    return frame({":error-code": code, ":error-message": message, ":message-type": "error"})
