"""What the scripted upstreams of the agents share: a server that remembers requests and answers some paths itself."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator

from headless.task import Conversation, Step, dump, next_step
from scripted_server import ScriptedServer
from scripted_upstream import Received, ScriptedUpstream, _Handler


class Refused(Exception):
    """What is wrong with a request, and what the error's body has besides."""

    def __init__(self, message: str, more: dict | None = None) -> None:
        super().__init__(message)
        self.more = more or {}


class AgentUpstream(ScriptedUpstream):
    """Runs one dialect's server on a free loopback port for as long as the `with` block lasts.

    A subclass names the path that is asked, reads its request into a conversation, and writes a step as an answer.
    """

    path = ""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._received: list[Received] = []
        self._server = ScriptedServer(_AgentHandler)
        self._server.upstream = self  # type: ignore[attr-defined]
        self.root_url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.base_url = f"{self.root_url}/v1"

    @property
    def asked(self) -> list[Received]:
        """The requests to the model; agents ask other things too."""
        return [received for received in self.received if received.path.split("?")[0] == self.path]

    def read(self, request: dict) -> Conversation:
        raise NotImplementedError

    def whole(self, request: dict, step: Step) -> dict:
        raise NotImplementedError

    def events(self, request: dict, step: Step) -> Iterator[bytes]:
        raise NotImplementedError

    def refusal(self, refused: Refused) -> dict:
        """The body of a 400."""
        error = {"message": str(refused), "type": "invalid_request_error", "param": None, "code": None}
        return {"error": error | refused.more}


class _AgentHandler(_Handler):
    def do_HEAD(self) -> None:
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def do_GET(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        upstream = self.server.upstream  # type: ignore[attr-defined]
        upstream.note(Received(self.client_address, self.path, headers, b""))
        self._send_json(200, {"object": "list", "data": []})

    def _answer(self, received: Received, request: dict) -> None:
        upstream: AgentUpstream = self.server.upstream  # type: ignore[attr-defined]
        if received.path.split("?")[0] != upstream.path:
            return self._send_json(404, {"error": {"message": "Not found", "type": "not_found_error"}})
        try:
            step = next_step(upstream.read(request))
        except (Refused, KeyError, TypeError) as error:
            refused = error if isinstance(error, Refused) else Refused(f"cannot be read: {error!r}")
            received.answer = json.dumps(upstream.refusal(refused)).encode()
            return self._send(400, received.answer)
        if not request.get("stream"):
            received.answer = json.dumps(upstream.whole(request, step)).encode()
            return self._send(200, received.answer)
        self._start_stream()
        for event in upstream.events(request, step):
            self._send_chunk(received, event)
        self._send_chunk(received, b"")


def named(event: dict) -> bytes:
    """One server-sent event whose name is its type."""
    return f"event: {event['type']}\ndata: {dump(event)}\n\n".encode()


def texts(content: object, *kinds: str) -> str:
    """The text of a message's content, which is a string or a list of parts."""
    if isinstance(content, str):
        return content
    kinds = kinds or ("text", "input_text", "output_text")
    return "\n".join(part.get("text", "") for part in content or [] if part.get("type") in kinds)
