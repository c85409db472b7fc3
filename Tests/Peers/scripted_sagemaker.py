"""A small server with the runtime API of Amazon SageMaker, in front of the container that `scripted_upstream` is.

`POST /endpoints/NAME/invocations` answers with the container's bytes, `…/invocations-response-stream` with the same in
frames, cut at places that have nothing to do with the container's events. What the frames hold has been read by
botocore's parser before it is sent. Path and body must agree about streaming, as with the real service. An endpoint is
named after the container's model, with `tgi-` before it where the container is TGI, which is stricter.

    failing      the container answers 422, which the service tells as 424
    broken       an exception of the service after some words
"""

from __future__ import annotations

import json
import random
import re
import threading

import aws_frames
from scripted_server import ScriptedServer
from scripted_upstream import Received, ScriptedUpstream, _Handler

KEY = "sagemaker-stand-in-for-a-signature"
UNKNOWN_TO_TGI = "stream_options parallel_tool_calls service_tier store metadata user reasoning_effort".split()


class ScriptedSageMaker(ScriptedUpstream):
    """Runs the server on a free loopback port for as long as the `with` block lasts."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._received: list[Received] = []
        self._server = ScriptedServer(_SageMakerHandler)
        self._server.upstream = self  # type: ignore[attr-defined]
        self.base_url = f"http://127.0.0.1:{self._server.server_address[1]}"


class _SageMakerHandler(_Handler):
    def _answer(self, received: Received, request: dict) -> None:
        match = re.fullmatch(r"/endpoints/([a-zA-Z0-9-]{1,63})/invocations(-response-stream)?", received.path)
        if match is None:
            return self._fail(404, "UnknownOperationException", {"message": "Not found"})
        endpoint, streams = match[1], match[2] is not None
        self._held = b""
        self._random = random.Random(endpoint)
        if streams != bool(request.get("stream")):
            return self._fail(400, "ValidationError", {"Message": "The path and the body do not agree."})
        if endpoint.startswith("tgi-"):
            if request["model"] != "tgi":
                return self._contained(422, f"The model {request['model']} does not exist.")
            unknown = [name for name in UNKNOWN_TO_TGI if name in request]
            if unknown or "max_completion_tokens" in request or request.get("temperature") == 0:
                return self._contained(422, f"unknown: {unknown}, or a value that is too cold")
            endpoint = endpoint.removeprefix("tgi-")
        elif received.headers.get("x-amzn-sagemaker-accept", "text/event-stream") != "text/event-stream":
            return self._fail(406, "ValidationError", {"Message": "accept"})
        if endpoint == "failing":
            return self._contained(422, "The container does not like it.")
        self._endpoint = endpoint
        super()._answer(received, request | {"model": endpoint})

    def _contained(self, status: int, message: str) -> None:
        original = {"error": {"message": message, "type": "invalid_request_error", "code": None}}
        body = {"Message": "Received client error (422) from primary", "OriginalStatusCode": status}
        self._fail(424, "ModelError", body | {"OriginalMessage": json.dumps(original), "LogStreamArn": "arn:aws:logs"})

    def _fail(self, status: int, kind: str, body: dict) -> None:
        self._send(status, json.dumps(body).encode(), {"x-amzn-errortype": kind})

    def _start_stream(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "application/vnd.amazon.eventstream")
        self.send_header("x-amzn-sagemaker-content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()

    def _send_chunk(self, received: Received, data: bytes) -> None:
        """Sends what the container says in frames that are cut anywhere; the end sends what is left."""
        received.answer += data
        self._held += data
        while len(self._held) > 60 or (self._held and not data):
            count = self._random.randint(1, 60)
            piece, self._held = self._held[:count], self._held[count:]
            self._write(aws_frames.event("PayloadPart", piece, "application/octet-stream"))
        if self._endpoint == "broken" and len(received.answer) > 400:
            self._write(aws_frames.exception("ModelStreamError", {"Message": "It broke.", "ErrorCode": "StreamBroken"}))
            data = b""
            raise BrokenPipeError
        if not data:
            self._write(b"")

    def _write(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
