"""A real llama-server with a tiny model, for the suites that put one behind Martlet.

    MARTLET_LLAMA_SERVER    the binary (scripts/llama-server.sh prints it)
    MARTLET_TINY_MODEL      the model file (scripts/tiny-model.sh prints it)

The model's weights are random, but fixed: its words mean nothing, its token counts and its answers at temperature 0 are
always the same.
"""

from __future__ import annotations

import http.client
import json
import os

from harness import Child, free_port

NAME = "tiny-words"
HELLO = [{"role": "user", "content": "hello"}]
HELLO_TOKENS = 25
FIXED = {"temperature": 0, "max_tokens": 12}


class LlamaServer:
    """Runs llama-server on a port of its own, with further flags, while the `with` block lasts."""

    def __init__(self, *more: str) -> None:
        self._more = more

    def __enter__(self) -> LlamaServer:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        model = os.environ["MARTLET_TINY_MODEL"]
        flags = "-t 1 -np 2 --no-ui --offline --sse-ping-interval 5 --context-shift --cache-ram 0".split()
        where = ["-m", model, "-a", NAME, "--host", "127.0.0.1", "--port", str(self.port)]
        self.process = Child([os.environ["MARTLET_LLAMA_SERVER"], *where, *flags, *self._more])
        self.process.wait_for("GET /health with 200", lambda: self._get("/health")[0] == 200 or None)
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()

    def busy_slots(self) -> int:
        return sum(slot["is_processing"] for slot in self._get("/slots")[1])

    def post(self, path: str, body: dict) -> dict:
        """Asks the server itself."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("POST", path, json.dumps(body), {"content-type": "application/json"})
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()

    def _get(self, path: str) -> tuple[int, object]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        except OSError:
            return 0, None
        finally:
            connection.close()
