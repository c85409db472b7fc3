"""Starts and stops what the peer suites talk to: the real `martlet` binary, and programs beside it.

    MARTLET_BIN    the binary under test, default .build/debug/martlet
"""

from __future__ import annotations

import collections
import http.client
import json
import os
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
GATEWAY_KEY = "peer-suite-gateway-key-0123456789abcdef"
ADMIN_KEY = "peer-suite-admin-key-0123456789abcdef"
START_LIMIT_S = 20.0
STOP_LIMIT_S = 20.0


class Child:
    """One child process whose last lines of stderr are kept for error texts."""

    def __init__(self, command: list[str], *, env: dict[str, str] | None = None, cwd: Path | None = None) -> None:
        self.name = Path(command[0]).name
        self.lines: collections.deque[str] = collections.deque(maxlen=200)
        self._process = subprocess.Popen(
            command, env=env, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        self.stdout: list[str] = []
        self._readers = [
            threading.Thread(target=self._keep, args=(self._process.stderr, self.lines), daemon=True),
            threading.Thread(target=self._keep, args=(self._process.stdout, self.stdout), daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    @staticmethod
    def _keep(stream, into) -> None:
        for line in stream:
            into.append(line.decode(errors="replace").rstrip("\n"))

    @property
    def exit_code(self) -> int | None:
        return self._process.poll()

    def wait_for(self, what: str, probe: Callable[[], object], limit_s: float = START_LIMIT_S) -> object:
        """Asks `probe` until it answers with something; fails when the process ends or the time is up."""
        end = time.monotonic() + limit_s
        while time.monotonic() < end:
            if (answer := probe()) is not None:
                return answer
            if self.exit_code is not None:
                break
            time.sleep(0.02)
        state = "still runs" if self.exit_code is None else f"ended with {self.exit_code}"
        self.kill()
        tail = "\n".join(list(self.lines)[-20:])
        raise AssertionError(f"{self.name}: {what} did not happen; the process {state}; its last lines:\n{tail}")

    def stop(self) -> int:
        """Sends SIGTERM, waits, and returns the exit code; a process that does not end in time is a failure."""
        if self.exit_code is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            code = self._process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"{self.name} did not end within {STOP_LIMIT_S} s of SIGTERM") from None
        self._close()
        return code

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        self._close()

    def _close(self) -> None:
        for reader in self._readers:
            reader.join(2)
        for stream in (self._process.stdout, self._process.stderr):
            stream.close()


class Martlet:
    """Runs `martlet serve` with the given configuration and a fresh data folder while the `with` block lasts."""

    def __init__(self, config: str, env: dict[str, str] | None = None) -> None:
        self._config = config
        self._extra_env = env or {}
        self.url = ""
        self.port = 0

    def __enter__(self) -> Martlet:
        binary = Path(os.environ.get("MARTLET_BIN", REPOSITORY / ".build/debug/martlet")).resolve()
        assert binary.exists(), f"{binary} does not exist: build it, or set MARTLET_BIN"
        self._folder = tempfile.TemporaryDirectory(prefix="martlet-peers-")
        folder = Path(self._folder.name)
        config = folder / "peer.toml"
        config.write_text(self._config)
        # Nothing of the caller's environment may decide a test: no vendor keys, no configuration of a real user.
        env = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "GATEWAY_API_KEY": GATEWAY_KEY,
            "ADMIN_KEY": ADMIN_KEY,
            "MARTLET_DATA_DIR": str(folder / "data"),
        } | self._extra_env
        command = [str(binary), "serve", "--config", str(config), "--bind", "127.0.0.1:0"]
        self.process = Child(command, env=env, cwd=folder)
        self.port = self.process.wait_for("the line 'listening on'", self._listening_port)
        self.url = f"http://127.0.0.1:{self.port}"
        self.process.wait_for("GET /health with 200", self._healthy)
        return self

    def __exit__(self, *_: object) -> None:
        code = self.process.stop()
        self._folder.cleanup()
        assert code == 0, f"martlet ended with {code}; its last lines:\n" + "\n".join(self.process.lines)

    def _listening_port(self) -> int | None:
        for line in list(self.process.lines):
            if "listening on http://" in line:
                return int(line.split("listening on http://", 1)[1].split()[0].rstrip("/").rsplit(":", 1)[1])
        return None

    def _healthy(self) -> bool | None:
        try:
            return self.request("GET", "/health", key=None).status == 200 or None
        except OSError:
            return None

    def request(
        self,
        method: str,
        path: str,
        body: bytes | dict | None = None,
        *,
        key: str | None = GATEWAY_KEY,
        headers: dict[str, str] | None = None,
        timeout_s: float = 20,
    ) -> Answer:
        """Sends one request over a connection of its own, with the path exactly as written."""
        content = json.dumps(body).encode() if isinstance(body, dict) else body
        fields = {"authorization": f"Bearer {key}"} if key else {}
        if content is not None:
            fields["content-type"] = "application/json"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout_s)
        try:
            connection.request(method, path, content, fields | (headers or {}))
            response = connection.getresponse()
            names = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, names, response.read())
        finally:
            connection.close()


class Answer:
    """A whole HTTP answer; header names are in lower case."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def json(self) -> dict:
        return json.loads(self.body)

    @property
    def events(self) -> list[str]:
        """The data of each server-sent event, in order."""
        blocks = self.body.decode().replace("\r\n", "\n").split("\n\n")
        lines = [line for block in blocks for line in block.split("\n")]
        return [line.removeprefix("data:").removeprefix(" ") for line in lines if line.startswith("data:")]

    def __repr__(self) -> str:
        return f"<{self.status} {self.headers} {self.body[:2000]!r}>"


def free_port() -> int:
    """Returns a loopback port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def is_open(port: int) -> bool:
    """Tells whether something listens on a loopback port."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def eventually(probe: Callable[[], object], limit_s: float = 5.0, every_s: float = 0.02) -> object:
    """Asks `probe` until its answer is true, and returns the last answer."""
    end = time.monotonic() + limit_s
    while not (answer := probe()) and time.monotonic() < end:
        time.sleep(every_s)
    return answer
