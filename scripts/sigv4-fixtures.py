#!/usr/bin/env python3
"""Makes requests and signs them with botocore, for the tests of our own signer.

    "$(scripts/venv.sh credentials)" scripts/sigv4-fixtures.py > Tests/MartletProvidersTests/Fixtures/sigv4.json

The same seed makes the same requests; the peer suite `test_credentials` checks that the kept file is what the pinned
botocore says. Every signature is the vendor's: nothing here knows how one is made.
"""

from __future__ import annotations

import base64
import datetime
import json
import random
import sys
from unittest import mock

import botocore.auth
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

COUNT = 700
SEED = 20261121
WORDS = [
    "model", "endpoints", "invocations", "a", "B", "converse", "%3A", "%2F", "%25", "%20", "a%3Ab", "v1:0", "x@y",
    "~home", "!$&'()*+,;=", "-._~", "a%c3%a9", "A%C3%A9", "arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Aprofile%2Fx", "0",
    "..", ".", "...", ".a", "a..", "%2E%2E", '"<>[]\\^`{|}', "a=b", "us.anthropic.claude-sonnet-4-5-v1%3A0",
]  # fmt: skip
QUERY_WORDS = ["a", "b", "A", "api-version", "2024-10-21", "", "%20", "%2F", "a+b", "~", "x%3Dy", "/", ":", "z", "-_."]
NAMES = [
    "x-amz-target", "x-amzn-bedrock-trace", "accept", "content-type", "x-custom", "content-length", "my-header",
    "x-amz-meta-a", "x-amz-meta-b", "cache-control", "a", "z-last",
]  # fmt: skip
# Not signed by botocore, whatever they say.
UNSIGNED = ["user-agent", "expect", "x-amzn-trace-id", "transfer-encoding"]
VALUES = [
    "application/json", "", "a", " a ", "a  b", "\ta\t b", "a,b", "a , b", '"quoted  twice"', "x" * 90, "1", "a\tb",
    "100-continue", "Root=1-2;Parent=3", "trailing   ", "ISO 8859: caf", "==", "a;b=c",
]  # fmt: skip
METHODS = ["POST", "POST", "POST", "GET", "PUT", "DELETE", "HEAD", "PATCH"]
REGIONS = ["us-east-1", "eu-central-1", "ap-southeast-2", "us-gov-west-1", "cn-north-1"]
SERVICES = ["bedrock", "sagemaker", "sts", "bedrock-mantle", "aws-external-anthropic", "execute-api"]


def path(rng: random.Random) -> str:
    parts = [rng.choice(WORDS) for _ in range(rng.randrange(0, 6))]
    text = "/" + "/".join(parts)
    if rng.random() < 0.15:
        text = text.replace("/", "//", 1 + rng.randrange(3))
    if rng.random() < 0.25:
        text += "/"
    return text


def query(rng: random.Random) -> str:
    if rng.random() < 0.45:
        return ""
    pairs = []
    for _ in range(rng.randrange(1, 7)):
        pair = rng.choice(QUERY_WORDS)
        if rng.random() < 0.8:
            pair += "=" + rng.choice(QUERY_WORDS)
        pairs.append(pair)
    return "?" + "&".join(pairs)


def fields(rng: random.Random, host: str) -> list[tuple[str, str]]:
    found = [("host", host)]
    for name in rng.sample(NAMES, rng.randrange(0, 6)):
        for _ in range(2 if rng.random() < 0.15 else 1):
            found.append((name, rng.choice(VALUES)))
    found += [(name, rng.choice(VALUES)) for name in UNSIGNED if rng.random() < 0.15]
    rng.shuffle(found)
    return found


def request(rng: random.Random) -> dict:
    region, service = rng.choice(REGIONS), rng.choice(SERVICES)
    host = rng.choice([f"{service}.{region}.amazonaws.com", "localhost:8443", "127.0.0.1:4566", "[::1]:81", "h"])
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/+="
    row = {
        "method": rng.choice(METHODS),
        "target": path(rng) + query(rng),
        "fields": fields(rng, host),
        "body": base64.b64encode(rng.randbytes(rng.choice([0, 0, 1, 55, 56, 64, 119, 1000]))).decode(),
        "unix_seconds": rng.randrange(0, 4_102_444_800),
        "region": region,
        "service": service,
        "access_key": "AKIA" + "".join(rng.choices(alphabet[:26], k=16)),
        "secret_key": "".join(rng.choices(alphabet, k=rng.choice([1, 40, 40, 40, 70]))),
        "token": "".join(rng.choices(alphabet, k=rng.randrange(8, 200))) if rng.random() < 0.4 else None,
    }
    return row | sign(row, host)


def sign(row: dict, host: str) -> dict:
    """Lets botocore sign a request, and returns the fields that it added."""
    # The scheme decides nothing here but whether the body is hashed, which it is.
    signed = AWSRequest(method=row["method"], url=f"https://{host}{row['target']}", data=base64.b64decode(row["body"]))
    for name, value in row["fields"]:
        signed.headers[name] = value
    credentials = Credentials(row["access_key"], row["secret_key"], row["token"])
    now = datetime.datetime.fromtimestamp(row["unix_seconds"], datetime.timezone.utc)
    auth = SigV4Auth(credentials, row["service"], row["region"])
    with mock.patch.object(botocore.auth, "get_current_datetime", lambda: now):
        auth.add_auth(signed)
    return {"date": signed.headers["X-Amz-Date"], "authorization": signed.headers["Authorization"]}


def fixtures() -> str:
    rng = random.Random(SEED)
    rows = [json.dumps(request(rng), separators=(",", ":")) for _ in range(COUNT)]
    return "[\n" + ",\n".join(rows) + "\n]\n"


if __name__ == "__main__":
    sys.stdout.write(fixtures())
