"""A small server with the runtime API of Amazon Bedrock that is as strict as the real one.

Its checks stand in `bedrock_rules`, what its models say in `bedrock_answers`; Claudes behind InvokeModel are those of
`scripted_anthropic`. What it answers with has been read by botocore's parsers before it is sent.

    converse, converse-stream    every model; what stands behind the last `-` or `/` of its id is its script:
        echo           a call of the first tool if tools are offered and none was answered yet, JSON if a schema is
                       asked for, else the user's last words; thinks before it when asked to
        parallel       words, then a call of every tool offered
        bare           a call without a single piece of input
        thinker, redacted    think without being asked, the second what nobody can read
        cached         reports tokens read from and written to a cache
        window, guarded, filtered    stop for the reason of that name
        throttled      429; in a stream an exception after two words
        broken         an error frame that no model describes, after two words
        refused, denied, missing, gone, timeout    400 403 404 500 408
        corrupt        a frame whose checksum does not fit, after two words
        cut            ends the connection in the middle of its answer
        endless        streams a word every 10 ms until the reader leaves
    invoke, invoke-with-response-stream    Claudes; Titan's and Cohere's embeddings

Counting rule, so that a test can check usage exactly: one token a word.
"""

from __future__ import annotations

import base64
import json
import threading
import time
from urllib.parse import urlsplit

import anthropic_rules
import aws_frames
from anthropic_answers import Message
from bedrock_answers import Answer
from bedrock_rules import SERVICE, Refused, check, need, operation_of, params_of
from botocore.parsers import create_parser
from scripted_embeddings import LENGTH, tokens_of, vector_of
from scripted_server import ScriptedServer
from scripted_upstream import ENDLESS_S, Received, ScriptedUpstream, _Handler

KEY = "bedrock-api-key-never-shown-to-clients"
APART_S = 0.2
ERRORS = {
    "throttled": (429, "ThrottlingException", "Too many requests, please wait before trying again."),
    "refused": (400, "ValidationException", "Input is too long for requested model."),
    "denied": (403, "AccessDeniedException", "You don't have access to the model with the specified model ID."),
    "missing": (404, "ResourceNotFoundException", "This model version has reached the end of its life."),
    "gone": (500, "InternalServerException", "The system encountered an unexpected error."),
    "timeout": (408, "ModelTimeoutException", "Model has timed out in processing the request."),
}
MOST_TEXTS = 96


class ScriptedBedrock(ScriptedUpstream):
    """Runs the server on a free loopback port for as long as the `with` block lasts."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._received: list[Received] = []
        self._server = ScriptedServer(_BedrockHandler)
        self._server.upstream = self  # type: ignore[attr-defined]
        self.base_url = f"http://127.0.0.1:{self._server.server_address[1]}"


def parsed(operation: str, body: bytes, status: int = 200) -> dict:
    """What botocore makes of an answer; a member that the service does not have would be missing in it."""
    model = SERVICE.operation_model(operation)
    response = {"status_code": status, "headers": {"content-type": "application/json"}, "body": body}
    return create_parser("rest-json").parse(response, model.output_shape)


class _BedrockHandler(_Handler):
    def do_GET(self) -> None:
        self._send_json(404, {"message": "Not found"})

    def _answer(self, received: Received, request: dict) -> None:
        found = operation_of(urlsplit(received.path).path)
        if found is None:
            unknown = {"Output": {"__type": "com.amazon.coral.service#UnknownOperationException"}, "Version": "1.0"}
            return self._send_json(404, unknown)
        operation, model = found
        received.operation, received.model = operation.name, model
        authorization = received.headers.get("authorization", "")
        # A caller of the SDK signs; its signature is not this server's matter.
        if authorization != f"Bearer {KEY}" and not authorization.startswith("AWS4-HMAC-SHA256 "):
            return self._fail(received, 403, "UnrecognizedClientException", "The security token is invalid.")
        try:
            if operation.name.startswith("Converse"):
                self._converse(received, operation, model, request)
            elif "claude" in model:
                self._invoke_claude(received, model, request, operation.name.endswith("Stream"))
            else:
                self._embed(received, model, request)
        except (Refused, anthropic_rules.Refused) as refused:
            self._fail(received, 400, "ValidationException", str(refused))

    # Converse

    def _converse(self, received: Received, operation, model: str, body: dict) -> None:
        check(operation, model, body)
        script = model.replace("/", "-").rsplit("-", 1)[-1].split(":")[0]
        streams = operation.name == "ConverseStream"
        if script in ERRORS and not (streams and script == "throttled"):
            return self._fail(received, *ERRORS[script])
        if script == "endless":
            return self._endless(received)
        answer = Answer.to(script, body)
        received.usage = answer.usage
        if streams:
            return self._stream(received, script, answer.events(body))
        received.answer = json.dumps(answer.whole(body)).encode()
        assert parsed("Converse", received.answer)["usage"] == answer.usage
        self._send(200, received.answer, {"x-amzn-requestid": "scripted"})

    def _stream(self, received: Received, script: str, events: list[tuple[str, dict]]) -> None:
        self._start_frames()
        shape = SERVICE.operation_model("ConverseStream").output_shape.members["stream"]
        pieces = 0
        for kind, value in events:
            known = {name: inner for name, inner in value.items() if name != "p"}
            params_of(known, shape.members[kind])
            pieces += kind == "contentBlockDelta"
            if pieces == 3 and script in ("throttled", "broken", "corrupt", "cut"):
                time.sleep(APART_S)
                return self._break(received, script)
            self._send_chunk(received, aws_frames.event(kind, value))
        self._send_chunk(received, b"")

    def _break(self, received: Received, script: str) -> None:
        if script == "cut":
            return self._hang_up()
        if script == "throttled":
            data = aws_frames.exception("throttlingException", {"message": ERRORS["throttled"][2]})
        elif script == "broken":
            data = aws_frames.error("InternalFailure", "Something broke.")
        else:
            data = bytearray(aws_frames.event("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "x"}}))
            data[-6] ^= 1
        self._send_chunk(received, bytes(data))
        self._send_chunk(received, b"")

    def _endless(self, received: Received) -> None:
        self._start_frames()
        self._send_chunk(received, aws_frames.event("messageStart", {"role": "assistant"}))
        word = aws_frames.event("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "word "}})
        end = time.monotonic() + ENDLESS_S
        while time.monotonic() < end and not self._wait(received, 0.01):
            self._send_chunk(received, word)
        self.close_connection = True

    # InvokeModel

    def _invoke_claude(self, received: Received, model: str, body: dict, streams: bool) -> None:
        need(body.get("anthropic_version") == "bedrock-2023-05-31", "anthropic_version: Field required")
        for beta in body.get("anthropic_beta", []):
            need(beta == "interleaved-thinking-2025-05-14", f"invalid beta flag {beta}")
        for name in ("model", "stream", "cache_control", "service_tier"):
            need(name not in body, f"{name}: Extra inputs are not permitted")
        known = {name: value for name, value in body.items() if not name.startswith("anthropic_")}
        name = model.split("anthropic.")[-1].split("-2025")[0]
        request = known | {"model": name}
        anthropic_rules.check(request, {"anthropic-version": "2023-06-01"})
        message = Message.to(request)
        received.usage = message.usage
        if not streams:
            received.answer = json.dumps(message.whole(name)).encode()
            return self._send(200, received.answer)
        self._start_frames()
        for event in message.events(name):
            if event["type"] == "message_stop":
                metrics = {"inputTokenCount": 1, "outputTokenCount": 1, "invocationLatency": 2, "firstByteLatency": 1}
                event = event | {"amazon-bedrock-invocationMetrics": metrics}
            data = base64.b64encode(json.dumps(event).encode()).decode()
            self._send_chunk(received, aws_frames.event("chunk", {"bytes": data, "p": "abc"}))
        self._send_chunk(received, b"")

    def _embed(self, received: Received, model: str, body: dict) -> None:
        if model.startswith("amazon.titan-embed"):
            need(set(body) <= {"inputText", "dimensions", "normalize", "embeddingTypes"}, "extraneous key")
            need(body["inputText"] and isinstance(body["inputText"], str), "inputText")
            answer = {
                "embedding": vector_of(body["inputText"], body.get("dimensions", LENGTH)),
                "inputTextTokenCount": tokens_of(body["inputText"]),
            }
            return self._send_answer(received, answer)
        need(model.startswith("cohere.embed"), "The requested operation is not supported.")
        known = {"texts", "input_type", "truncate", "embedding_types", "output_dimension", "max_tokens"}
        need(set(body) <= known, "extraneous key")
        need(1 <= len(body["texts"]) <= MOST_TEXTS, "texts: expected maxLength")
        need(body["input_type"] in ("search_document", "search_query", "classification", "clustering"), "input_type")
        vectors = [vector_of(text, body.get("output_dimension", LENGTH)) for text in body["texts"]]
        tokens = sum(tokens_of(text) for text in body["texts"])
        answer = {"id": "scripted", "response_type": "embeddings_floats", "embeddings": vectors, "texts": body["texts"]}
        if body.get("embedding_types") == ["float"]:
            answer |= {"response_type": "embeddings_by_type", "embeddings": {"float": vectors}}
        self._send_answer(received, answer, {"x-amzn-bedrock-input-token-count": str(tokens)})

    # Bytes

    def _send_answer(self, received: Received, value: dict, headers: dict[str, str] | None = None) -> None:
        received.answer = json.dumps(value).encode()
        self._send(200, received.answer, headers)

    def _start_frames(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "application/vnd.amazon.eventstream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()

    def _fail(self, received: Received, status: int, kind: str, message: str) -> None:
        received.answer = json.dumps({"message": message}).encode()
        received.error = message
        self._send(status, received.answer, {"x-amzn-errortype": f"{kind}:http://internal.amazon.com/coral/"})
