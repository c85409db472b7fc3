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
import ssl
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

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
    def pid(self) -> int:
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        return self._process.poll()

    def send_signal(self, number: int) -> None:
        self._process.send_signal(number)

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


class Authority:
    """A certificate authority of a test's own, and certificates by it, made with the `openssl` command."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.root = folder / "root.pem"
        self._run("req", "-x509", "-nodes", "-days", "2", "-subj", "/CN=Martlet peer root", *self._new_key("root"))

    def issue(self, names: str = "DNS:localhost,IP:127.0.0.1", name: str = "server") -> tuple[Path, Path]:
        """Makes a certificate for subject alternative names; returns its file and its key's, made anew if there."""
        (self._folder / f"{name}.cnf").write_text(f"subjectAltName={names}\n")
        self._run("req", "-nodes", "-subj", f"/CN={name}", *self._new_key(name, "csr"))
        self._run(
            "x509", "-req", "-in", f"{name}.csr", "-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial",
            "-days", "2", "-extfile", f"{name}.cnf", "-out", f"{name}.pem",
        )
        return self._folder / f"{name}.pem", self._folder / f"{name}.key"

    @property
    def context(self) -> ssl.SSLContext:
        """What a client needs to trust these certificates."""
        return ssl.create_default_context(cafile=str(self.root))

    @staticmethod
    def _new_key(name: str, kind: str = "pem") -> list[str]:
        curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
        return [*curve, "-keyout", f"{name}.key", "-out", f"{name}.{kind}"]

    def _run(self, *arguments: str) -> None:
        done = subprocess.run(["openssl", *arguments], cwd=self._folder, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


class Martlet:
    """Runs `martlet serve` with the given configuration while the `with` block lasts.

    The data folder is a fresh one, or stays in `folder` for the next start on it. With an `authority` the gateway
    listens with TLS, by a certificate of that authority.
    """

    def __init__(
        self,
        config: str,
        env: dict[str, str] | None = None,
        *,
        folder: Path | None = None,
        authority: Authority | None = None,
    ) -> None:
        self._config = config
        self._extra_env = env or {}
        self._given_folder = folder
        self.is_killed = False
        self.authority = authority
        self.url = ""
        self.port = 0

    def __enter__(self) -> Martlet:
        binary = binary_path()
        if self._given_folder is None:
            self._temporary = tempfile.TemporaryDirectory(prefix="martlet-peers-")
            self.folder = Path(self._temporary.name)
        else:
            self._temporary = None
            self.folder = self._given_folder
        config = self.folder / "peer.toml"
        config.write_text(self._config + self._listener())
        # Nothing of the caller's environment may decide a test: no vendor keys, no configuration of a real user.
        env = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "GATEWAY_API_KEY": GATEWAY_KEY,
            "ADMIN_KEY": ADMIN_KEY,
            "MARTLET_DATA_DIR": str(self.folder / "data"),
        } | self._extra_env
        command = [str(binary), "serve", "--config", str(config), "--bind", "127.0.0.1:0"]
        self.process = Child(command, env=env, cwd=self.folder)
        place = urlsplit(self.process.wait_for("the line 'listening on'", self._listening_on))
        self.port = place.port
        # The certificate is for the name, too.
        self.url = f"{place.scheme}://{'localhost' if self.authority else '127.0.0.1'}:{self.port}"
        self.process.wait_for("GET /health with 200", self._healthy)
        return self

    def _listener(self) -> str:
        if self.authority is None:
            return ""
        self.certificate, self.key = self.authority.issue()
        return f'\n[server.tls]\ncert = "{self.certificate}"\nkey = "{self.key}"\n'

    def __exit__(self, *_: object) -> None:
        code = 0 if self.is_killed else self.process.stop()
        if self._temporary:
            self._temporary.cleanup()
        assert code == 0, f"martlet ended with {code}; its last lines:\n" + "\n".join(self.process.lines)

    def kill(self) -> None:
        """Ends the process with SIGKILL, which it cannot see coming."""
        self.is_killed = True
        self.process.kill()

    def _listening_on(self) -> str | None:
        for line in list(self.process.lines):
            if "listening on http" in line:
                return line.split("listening on ", 1)[1].split()[0]
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
        connection = self.connect(timeout_s)
        try:
            connection.request(method, path, content, fields | (headers or {}))
            response = connection.getresponse()
            names = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, names, response.read())
        finally:
            connection.close()


    def connect(self, timeout_s: float = 20) -> http.client.HTTPConnection:
        """A connection to the gateway that is not open yet; HTTP/1.1, over TLS where the gateway speaks it."""
        if self.authority is None:
            return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout_s)
        context = self.authority.context
        return http.client.HTTPSConnection("localhost", self.port, timeout=timeout_s, context=context)


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


def binary_path() -> Path:
    """Where the binary under test is."""
    binary = Path(os.environ.get("MARTLET_BIN", REPOSITORY / ".build/debug/martlet")).resolve()
    assert binary.exists(), f"{binary} does not exist: build it, or set MARTLET_BIN"
    return binary


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
