#!/usr/bin/env python3
"""Writes frames.json: what botocore's parser says about many frames of `application/vnd.amazon.eventstream`.

    $(scripts/venv.sh aws) Tests/MartletWireTests/AWSEventStream/Fixtures/make_frames.py

Each line has bytes and the frames in them, or null where botocore refuses them or waits for more. First the published
vectors, then streams made up from a fixed seed, then frames whose checksums fit but whose header fields are damaged.
Types and values are those of a small parser of this script, which botocore must agree with; where it silently takes a
value that is cut off by the end of the fields, the frame counts as refused, because nobody can have meant it.
"""

from __future__ import annotations

import json
import random
import struct
import sys
import uuid
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "Peers"))

import aws_frames  # noqa: E402

FILE = Path(__file__).with_name("frames.json")
SEED = 7104
STREAMS = 200
DAMAGED = 400
PREFIX = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}
VECTORS = [
    "000000100000000005c248eb7d98c8ff",
    "0000005700000047 07a91881 017400 016601 016202ff 0173030102 01690400010000 016c050000000200000000"
    "0179060002 0102 02747308 0000019b7ca98c88 017509 00112233445566778899aabbccddeeff 861a6bb3",
    aws_frames.event("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "Hi"}, "p": "ab"}).hex(),
    aws_frames.exception("throttlingException", {"message": "Too many requests"}).hex(),
    aws_frames.error("InternalFailure", "Something broke.").hex(),
    aws_frames.frame({"n" * 255: "v" * 300}, b"p").hex(),
]


def fields(data: bytes) -> list[list] | None:
    """The header fields as lists of name, type and value in hex; none for bytes that are not such to their end."""
    found: list[list] = []
    while data:
        size = data[0]
        if size == 0 or len(data) < size + 2:
            return None
        name, kind, data = data[1 : size + 1], data[size + 1], data[size + 2 :]
        if kind in (6, 7):
            if len(data) < 2:
                return None
            count, data = struct.unpack(">H", data[:2])[0], data[2:]
        elif kind in PREFIX:
            count = PREFIX[kind]
        else:
            return None
        if len(data) < count:
            return None
        try:
            text = name.decode()
            if kind == 7:
                data[:count].decode()
        except UnicodeDecodeError:
            return None
        found.append([text, kind, data[:count].hex()])
        data = data[count:]
    names = [field[0] for field in found]
    return found if len(set(names)) == len(names) else None


def as_botocore(field: list) -> object:
    """A value as botocore has it."""
    _, kind, value = field
    data = bytes.fromhex(value)
    if kind in (0, 1):
        return kind == 0
    if kind == 7:
        return data.decode()
    return data if kind in (6, 9) else int.from_bytes(data, signed=True)


def verdict(data: bytes) -> list | None:
    try:
        messages = aws_frames.read(data)
    except Exception:
        return None
    if sum(message.prelude.total_length for message in messages) != len(data):
        return None
    found = []
    for message in messages:
        size = message.prelude.headers_length
        own = fields(data[12 : 12 + size])
        data = data[message.prelude.total_length :]
        if own is None:
            return None
        expected = {field[0]: as_botocore(field) for field in own}
        assert message.headers == expected, (message.headers, expected)
        found.append({"headers": own, "payload": message.payload.hex()})
    return found


def value(rng: random.Random) -> aws_frames.Value:
    match rng.randrange(7):
        case 0:
            return rng.random() < 0.5
        case 1:
            return rng.randbytes(rng.randrange(20))
        case 2:
            return uuid.UUID(bytes=rng.randbytes(16))
        case 3:
            kind, bits = rng.choice([("int8", 8), ("int16", 16), ("int32", 32), ("int64", 64), ("time", 64)])
            return kind, rng.randrange(-(1 << bits - 1), 1 << bits - 1)
        case _:
            return rng.choice(["event", "", "naïve ☃", "contentBlockDelta", "x" * rng.randrange(100)])


def headers(rng: random.Random) -> dict[str, aws_frames.Value]:
    names = [":event-type", ":message-type", ":content-type", "a", "☃", "n" * 9, "p", "other"]
    return {name: value(rng) for name in rng.sample(names, rng.randrange(len(names)))}


def lines() -> list[dict]:
    rng = random.Random(SEED)
    streams = [bytes.fromhex(text) for text in VECTORS]
    for _ in range(STREAMS):
        frames = [aws_frames.frame(headers(rng), rng.randbytes(rng.choice([0, 1, 50]))) for _ in range(rng.randrange(1, 4))]
        streams.append(b"".join(frames))
    for _ in range(DAMAGED):
        block = bytearray(b"".join(aws_frames.header(name, inner) for name, inner in headers(rng).items()))
        for _ in range(rng.randrange(1, 4)):
            place = rng.randrange(len(block) + 1)
            match rng.randrange(3):
                case 0:
                    block[place:place] = rng.randbytes(1)
                case 1:
                    del block[place : place + rng.randrange(1, 4)]
                case _:
                    block[place : place + 1] = bytes([rng.randrange(12)])
        streams.append(aws_frames.raw_frame(bytes(block), rng.randbytes(4)))
    return [{"bytes": data.hex(), "frames": verdict(data)} for data in streams]


def text() -> str:
    """The file's content: one stream a line."""
    return "[\n" + ",\n".join(json.dumps(line, separators=(",", ":")) for line in lines()) + "\n]\n"


if __name__ == "__main__":
    FILE.write_text(text())
    made = json.loads(FILE.read_text())
    print(f"{len(made)} streams, {sum(line['frames'] is None for line in made)} of them refused")
