"""A small server with Gemini's API that is as strict as the real one, and does what its model names say.

Its checks stand in `gemini_rules`, what its models say in `gemini_answers`; both use google-genai's own types.

It answers `POST …/models/M:generateContent`, `:streamGenerateContent?alt=sse`, `:batchEmbedContents` and `:predict` over
HTTP/1.1, below `/v1beta` with a key, and below `/v1/projects/P/locations/L/publishers/google` with a token.

    model's end        behaviour
    (else)             a call of the first tool if tools are offered and none was answered yet, JSON if a schema is asked
                       for, else the user's last words; thoughts before it when they are to be shown
    -parallel          words, then a call of every tool offered
    -anonymous         calls without ids
    -cached            reports tokens read from a cache, and tokens of tools
    -media             reports tokens of sound and pictures
    -grounded          names a page for two words of its answer
    -blocked           the prompt is refused: no candidates
    -safety, -starved, -malformed    a candidate without content, with a reason
    -refuse400, -badkey, -refuse429, -daily, -refuse503    that error
    -broken            an error event after two words
    -cut               ends the connection in the middle of its answer

A name with `gemini-2` is of the generation without signatures.
"""

from __future__ import annotations

import json
import threading
from urllib.parse import unquote, urlsplit

from gemini_answers import Answer
from gemini_rules import Refused, check, in_camel_case
from google.genai import types
from google_token import TOKEN, TokenService
from scripted_server import ScriptedServer
from scripted_upstream import Received, ScriptedUpstream, _Handler

RETRY_DELAY_S = 7


def _error(code: int, status: str, message: str, *details: dict) -> dict:
    error = {"code": code, "message": message, "status": status}
    if details:
        error["details"] = list(details)
    return {"error": error}


ERRORS = {
    "refuse400": _error(400, "INVALID_ARGUMENT", "The input token count (9) exceeds the maximum number of tokens allowed (8)."),
    "badkey": _error(
        400,
        "INVALID_ARGUMENT",
        "API key not valid. Please pass a valid API key.",
        {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID", "domain": "googleapis.com"},
    ),
    "refuse429": _error(
        429,
        "RESOURCE_EXHAUSTED",
        "Resource has been exhausted.",
        {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": f"{RETRY_DELAY_S}s"},
    ),
    "daily": _error(
        429,
        "RESOURCE_EXHAUSTED",
        "You exceeded your current quota.",
        {
            "@type": "type.googleapis.com/google.rpc.QuotaFailure",
            "violations": [{"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier"}],
        },
    ),
    "refuse503": _error(503, "UNAVAILABLE", "The model is overloaded."),
}


class ScriptedGemini(ScriptedUpstream):
    """Runs the server on a free loopback port for as long as the `with` block lasts."""

    def __init__(self, key: str) -> None:
        self._lock = threading.Lock()
        self._received: list[Received] = []
        self.key = key
        self._server = ScriptedServer(_GeminiHandler)
        self._server.upstream = self  # type: ignore[attr-defined]
        self.root_url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.base_url = f"{self.root_url}/v1beta"
        self.vertex_url = f"{self.root_url}/v1/projects/p1/locations/europe-west4"


class _GeminiHandler(TokenService, _Handler):
    def _answer(self, received: Received, request: dict) -> None:
        parts = urlsplit(received.path)
        path, _, method = parts.path.rpartition(":")
        for base in ("/v1beta/models/", "/v1/projects/p1/locations/europe-west4/publishers/google/models/"):
            if path.startswith(base):
                model = unquote(path.removeprefix(base))
                is_vertex = base.startswith("/v1/")
                break
        else:
            return self._fail(received, _error(404, "NOT_FOUND", f"{path} is not found"))
        headers = received.headers
        known = (
            headers.get("authorization") == f"Bearer {TOKEN}"
            if is_vertex
            else headers.get("x-goog-api-key") == self.server.upstream.key  # type: ignore[attr-defined]
        )
        if not known:
            return self._fail(received, ERRORS["badkey"])
        if error := ERRORS.get(model.split("-")[-1]):
            return self._fail(received, error)
        try:
            if method in ("batchEmbedContents", "predict"):
                return self._embed(received, request, model, method, is_vertex)
            request = in_camel_case(request)
            check(request, model)
        except Refused as refused:
            return self._fail(received, _error(400, "INVALID_ARGUMENT", str(refused)))
        answer = Answer(request, model)
        received.usage = answer.usage
        if method == "generateContent":
            received.answer = json.dumps(answer.whole()).encode()
            return self._send(200, received.answer, {})
        if method != "streamGenerateContent" or parts.query != "alt=sse":
            return self._fail(received, _error(404, "NOT_FOUND", f"{method} is not found"))
        self._start_stream()
        for index, event in enumerate(answer.events()):
            if index == 2 and model.endswith("-broken"):
                self._send_event(received, ERRORS["refuse503"])
                return self._send_chunk(received, b"")
            if index == 2 and model.endswith("-cut"):
                return self._hang_up()
            self._send_event(received, event)
        self._send_chunk(received, b"")

    def _send_event(self, received: Received, event: dict) -> None:
        # Google ends its lines with CR LF.
        self._send_chunk(received, f"data: {json.dumps(event, ensure_ascii=False)}\r\n\r\n".encode())

    def _fail(self, received: Received, error: dict) -> None:
        received.answer = json.dumps(error).encode()
        self._send(error["error"]["code"], received.answer, {})

    def _embed(self, received: Received, request: dict, model: str, method: str, is_vertex: bool) -> None:
        if method == "predict":
            if len(request["instances"]) > 250:
                raise Refused("too many instances")
            size = request.get("parameters", {}).get("outputDimensionality", 4)
            predictions = [
                {
                    "embeddings": {
                        "values": vector(one["content"], size),
                        "statistics": {"token_count": len(one["content"].split()), "truncated": False},
                    }
                }
                for one in request["instances"]
            ]
            body = {"predictions": predictions}
        else:
            if len(request["requests"]) > 100:
                raise Refused("at most 100 requests can be in one batch")
            vectors = []
            for one in request["requests"]:
                # On Vertex AI the path alone names the model.
                if one.get("model") != (None if is_vertex else f"models/{model}"):
                    raise Refused("the model of each request must be that of the batch")
                types.Content.model_validate_json(json.dumps(one["content"]))
                text = " ".join(part["text"] for part in one["content"]["parts"])
                vectors.append({"values": vector(text, one.get("outputDimensionality", 4))})
            body = {"embeddings": vectors}
        received.answer = json.dumps(body).encode()
        self._send(200, received.answer, {})


def vector(text: str, size: int) -> list[float]:
    """A vector that tells its text, not of length 1."""
    return [float(len(text) + index) for index in range(size)]
