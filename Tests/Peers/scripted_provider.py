"""A server that answers as a provider does, by the files in Tests/Fixtures/providers, and keeps what it was sent.

The model's name in a request chooses the answer: it is the name of a case. Needs the standard library only.
"""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from scripted_server import ScriptedServer

FOLDER = Path(__file__).resolve().parents[1] / "Fixtures" / "providers"


def fixture(name: str) -> dict:
    """One provider's file, its cases by name, each with the caller's request in full."""
    callers = json.loads((FOLDER / "common.json").read_text())["callers"]
    file = json.loads((FOLDER / f"{name}.json").read_text())
    cases = {}
    for case in file["cases"]:
        caller = case.get("caller", case["name"])
        cases[case["name"]] = case | {"caller": caller if isinstance(caller, dict) else callers[caller]}
    return file | {"cases": cases}


def names() -> list[str]:
    """The names of all providers' files."""
    files = sorted(FOLDER.glob("*.json"))
    return [file.stem for file in files if file.stem != "common" and not file.stem.endswith(".expected")]


def expected(name: str) -> dict:
    """What the gateway was seen to do with each case, as it was reviewed."""
    return json.loads((FOLDER / f"{name}.expected.json").read_text())


def reply_bytes(reply: dict) -> tuple[int, str, bytes]:
    """Status, media type and body of an answer."""
    if "events" in reply:
        lines = [
            event if isinstance(event, str) and event.startswith(":")
            else "data: " + (event if isinstance(event, str) else json.dumps(event))
            for event in reply["events"]
        ]
        return reply["status"], "text/event-stream", "".join(line + "\n\n" for line in lines).encode()
    if "text" in reply:
        return reply["status"], "text/plain", reply["text"].encode()
    return reply["status"], "application/json", json.dumps(reply["json"]).encode()


class ScriptedProvider:
    """One provider's server while the `with` block lasts."""

    def __init__(self, name: str) -> None:
        self.cases = fixture(name)["cases"]
        self.bodies: list[dict] = []
        self.paths: list[str] = []
        # The field `api-key` of each request.
        self.keys: list[str | None] = []

    def __enter__(self) -> ScriptedProvider:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                outer.bodies.append(body)
                outer.paths.append(self.path)
                outer.keys.append(self.headers["api-key"])
                status, kind, content = reply_bytes(outer.cases[body["model"]]["reply"])
                self.send_response(status)
                self.send_header("content-type", kind)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ScriptedServer(Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
