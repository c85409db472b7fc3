"""The scripted Anthropic as Vertex AI has it: the model in the path, the version in the body, a token of Google's.

The models are those of `scripted_anthropic`. `google-503` fails as Google's own servers do.
"""

from __future__ import annotations

import json
import threading
from urllib.parse import unquote

from google_token import TOKEN, TokenService
from scripted_anthropic import _AnthropicHandler
from scripted_server import ScriptedServer
from scripted_upstream import Received, ScriptedUpstream

VERSION = "vertex-2023-10-16"
BASE = "/v1/projects/p1/locations/europe-west4"
GOOGLE_ERROR = {"error": {"code": 503, "message": "The service is unavailable.", "status": "UNAVAILABLE"}}


class ScriptedVertexClaude(ScriptedUpstream):
    """Runs the server on a free loopback port for as long as the `with` block lasts."""

    key = TOKEN

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._received: list[Received] = []
        self._server = ScriptedServer(_VertexHandler)
        self._server.upstream = self  # type: ignore[attr-defined]
        self.root_url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.base_url = self.root_url + BASE


class _VertexHandler(TokenService, _AnthropicHandler):
    def _answer(self, received: Received, request: dict) -> None:
        path, _, method = received.path.rpartition(":")
        models = f"{BASE}/publishers/anthropic/models/"
        stream = request.get("stream", False)
        if not path.startswith(models) or method != ("streamRawPredict" if stream else "rawPredict"):
            return self._fail(received, 404, "not_found_error", f"Not found: {received.path}")
        model = unquote(path.removeprefix(models))
        if model == "google-503":
            return self._send(503, json.dumps(GOOGLE_ERROR).encode())
        if "model" in request or request.pop("anthropic_version", None) != VERSION:
            return self._fail(received, 400, "invalid_request_error", "model: Extra inputs are not permitted")
        if "anthropic-version" in received.headers:
            return self._fail(received, 400, "invalid_request_error", "anthropic-version: not here")
        # From here on it is Anthropic's own.
        own = Received(received.peer, "/v1/messages", received.headers | {"anthropic-version": "2023-06-01"}, received.body)
        super()._answer(own, request | {"model": model})
        received.usage, received.answer = own.usage, own.answer
