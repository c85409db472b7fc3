"""A small server that makes vectors, in OpenAI's words and in Ollama's, and remembers every byte it was sent.

It answers `POST /v1/embeddings` and `POST /api/embed` over HTTP/1.1, and the paths by which an Ollama is recognised. A
vector follows from its input alone, and each of its numbers is exact in 32 bits, so that a test knows what must arrive.

    model     behaviour
    words     vectors of eight numbers, or of as many as `dimensions` says
    stubborn  numbers only, whatever form is asked for, as older servers do
    refuse    400

Counting rule: one token a word, or a token id.
"""

from __future__ import annotations

import base64
import json
import struct
import threading
import zlib

from scripted_server import ScriptedServer
from scripted_upstream import Received, ScriptedUpstream, _Handler

LENGTH = 8
MOST_INPUTS = 2048


def vector_of(input: str | list[int], length: int = LENGTH) -> list[float]:
    """The vector of a text or of a list of token ids."""
    seed = zlib.crc32(json.dumps(input).encode())
    return [((seed >> index) % 1024 - 512) / 256 for index in range(length)]


def tokens_of(input: str | list[int]) -> int:
    return len(input.split()) if isinstance(input, str) else len(input)


class ScriptedEmbeddings(ScriptedUpstream):
    """Runs the server on a free loopback port for as long as the `with` block lasts."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._received: list[Received] = []
        self._server = ScriptedServer(_EmbeddingsHandler)
        self._server.upstream = self  # type: ignore[attr-defined]
        self.root_url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.base_url = f"{self.root_url}/v1"


class _EmbeddingsHandler(_Handler):
    def do_GET(self) -> None:
        match self.path:
            case "/api/version":
                self._send_json(200, {"version": "0.12.6"})
            case "/api/tags":
                self._send_json(200, {"models": [{"name": "words:latest", "model": "words:latest", "size": 1}]})
            case _:
                self._send_json(404, {"error": "not found"})

    def _answer(self, received: Received, request: dict) -> None:
        inputs = request.get("input")
        # A list of numbers is one input of token ids.
        if isinstance(inputs, str) or (inputs and isinstance(inputs[0], int)):
            inputs = [inputs]
        if request["model"] == "refuse":
            return self._refuse_with(received, "This model makes no vectors.")
        if not inputs or any(input == "" for input in inputs) or len(inputs) > MOST_INPUTS:
            return self._refuse_with(received, "Invalid 'input'.")
        length = request.get("dimensions", LENGTH)
        vectors = [vector_of(input, length) for input in inputs]
        tokens = sum(tokens_of(input) for input in inputs)
        if received.path == "/api/embed":
            answer = self._in_words_of_ollama(request, vectors, tokens)
        else:
            answer = self._in_words_of_openai(request, vectors, tokens)
        received.answer = json.dumps(answer).encode()
        self._send(200, received.answer)

    def _in_words_of_openai(self, request: dict, vectors: list[list[float]], tokens: int) -> dict:
        packed = request.get("encoding_format") == "base64" and request["model"] != "stubborn"
        data = [
            {"object": "embedding", "index": index, "embedding": pack(vector) if packed else vector}
            for index, vector in enumerate(vectors)
        ]
        usage = {"prompt_tokens": tokens, "total_tokens": tokens}
        return {"object": "list", "data": data, "model": request["model"], "usage": usage}

    def _in_words_of_ollama(self, request: dict, vectors: list[list[float]], tokens: int) -> dict:
        durations = {"total_duration": 1_000_000, "load_duration": 1_000_000}
        return {"model": request["model"], "embeddings": vectors, "prompt_eval_count": tokens} | durations

    def _refuse_with(self, received: Received, message: str) -> None:
        if received.path == "/api/embed":
            received.answer = json.dumps({"error": message}).encode()
        else:
            error = {"message": message, "type": "invalid_request_error", "param": "input", "code": None}
            received.answer = json.dumps({"error": error}).encode()
        self._send(400, received.answer)


def pack(vector: list[float]) -> str:
    """Base64 of little-endian numbers of 32 bits."""
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
