"""A server that fails in the way the model's name says, byte by byte, in the dialect of the path it is asked at.

A model is called `FAULT` or `FAULT.anything`: the part before the first point says what the server does, the whole name
is what its requests are counted under. `fine` answers; what else there is stands in `faults`. A name that is in
`FaultyUpstream.sick` fails as it says, and answers when it is taken out: that is how a target heals.

It reads and writes sockets itself, because half of the faults are answers that no HTTP library would write. A
connection serves one request, so that no fault meets the connection of another one. Only that of `stale` is kept, and
closed without an answer when it is used again. Needs the standard library only.
"""

from __future__ import annotations

import collections
import contextlib
import json
import select
import socket
import struct
import threading
import time
from collections.abc import Iterator

from faulty_speech import Speech

SILENCE_S = 20.0
# Long enough that what was said before a fault is read, and shown, before it.
APART_S = 0.2


class Connection:
    """One connection with one request, and the ways to answer it wrongly."""

    def __init__(self, upstream: FaultyUpstream, sock: socket.socket) -> None:
        self.upstream = upstream
        self.sock = sock
        self.is_kept = False
        self._gathered: bytearray | None = None

    def read(self) -> bool:
        """Reads the request; false when there is none."""
        data = b""
        while b"\r\n\r\n" not in data:
            part = self.sock.recv(65536)
            if not part:
                return False
            data += part
        head, _, body = data.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        self.method, self.path, _ = lines[0].split(" ", 2)
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        while len(body) < int(headers.get("content-length", 0)):
            part = self.sock.recv(65536)
            if not part:
                return False
            body += part
        self.headers = headers
        if self.method != "POST":
            return True
        self.request = json.loads(body)
        self.model = self.request["model"]
        self.stream = bool(self.request.get("stream"))
        self.speech = Speech.of(self.path, self.upstream.words, self.request)
        self.number = self.upstream.count(self.model)
        return True

    # Heads

    def head(self, status: int = 200, media: str = "application/json", *fields: str) -> None:
        kept = "keep-alive" if self.is_kept else "close"
        lines = [f"HTTP/1.1 {status} Scripted", f"content-type: {media}", f"connection: {kept}", *fields]
        self.send("\r\n".join(lines).encode() + b"\r\n\r\n")

    def stream_head(self) -> None:
        self.head(200, "text/event-stream", "transfer-encoding: chunked")

    # Bodies

    def send(self, data: bytes) -> None:
        if self._gathered is None:
            self.sock.sendall(data)
        else:
            self._gathered += data

    @contextlib.contextmanager
    def at_once(self) -> Iterator[None]:
        """Sends all that is said in it as one piece."""
        self._gathered = bytearray()
        yield
        data, self._gathered = bytes(self._gathered), None
        self.send(data)

    def whole(self, status: int, body: bytes | dict, *fields: str, media: str = "application/json") -> None:
        content = json.dumps(body).encode() if isinstance(body, dict) else body
        self.head(status, media, f"content-length: {len(content)}", *fields)
        self.send(content)

    def half(self) -> None:
        """The first half of a whole answer."""
        content = json.dumps(self.speech.whole()).encode()
        self.head(200, "application/json", f"content-length: {len(content)}")
        self.send(content[: len(content) // 2])

    def events(self, *events: bytes) -> None:
        for event in events:
            self.send(b"%x\r\n%s\r\n" % (len(event), event))

    def end(self) -> None:
        self.send(b"0\r\n\r\n")

    def begin(self, words: int = 0) -> None:
        """The head of a stream, what comes before its content, and so many words of it."""
        self.stream_head()
        self.events(*self.speech.opening, *self.speech.contents[:words])
        if words:
            time.sleep(APART_S)

    def answer(self) -> None:
        """What a healthy server says."""
        if self.stream:
            self.stream_head()
            self.events(*self.speech.opening, *self.speech.contents, *self.speech.closing)
            self.end()
        else:
            self.whole(200, self.speech.whole())

    def refuse(self, status: int, name: str, *fields: str) -> None:
        """An error as the dialect writes it."""
        self.whole(status, self.speech.error(status, name), *fields)

    # Ends

    def reset(self) -> None:
        """Ends the connection with RST instead of FIN."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def wait(self, seconds: float = SILENCE_S) -> bool:
        """Says nothing for so long; true when the reader left meanwhile."""
        readable, _, _ = select.select([self.sock], [], [], seconds)
        if readable:
            self.upstream.left(self.model)
        return bool(readable)

    def murmur(self, words: bytes, seconds: float = SILENCE_S) -> None:
        """Sends something that is no content again and again until the reader leaves."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self.wait(0.1):
            self.events(words)


class FaultyUpstream:
    """Runs the server on a free loopback port while the `with` block lasts."""

    def __init__(self, words: str, faults: dict) -> None:
        self.words = words
        self._faults = faults
        self._lock = threading.Lock()
        self._counts: collections.Counter[str] = collections.Counter()
        self._left: collections.Counter[str] = collections.Counter()
        self.sick: set[str] = set()
        self.redirected = 0

    def __enter__(self) -> FaultyUpstream:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self._listener.getsockname()[1]
        self.root_url = f"http://127.0.0.1:{self.port}"
        self.base_url = f"{self.root_url}/v1"
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        # Wakes the thread that waits in accept, which a close alone does not.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def asked(self, model: str) -> int:
        """How many requests for a model arrived."""
        with self._lock:
            return self._counts[model]

    def abandoned(self, model: str) -> int:
        """How many silences ended because the reader left."""
        with self._lock:
            return self._left[model]

    def count(self, model: str) -> int:
        with self._lock:
            self._counts[model] += 1
            return self._counts[model]

    def left(self, model: str) -> None:
        with self._lock:
            self._left[model] += 1

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        with sock:
            try:
                connection = Connection(self, sock)
                if not connection.read():
                    return
                if connection.method != "POST":
                    # Nobody asks for this but a client that follows a redirect.
                    self.redirected += 1
                    return connection.whole(200, {"followed": True})
                self._play(connection)
            except (BrokenPipeError, ConnectionResetError):
                pass

    def _play(self, connection: Connection) -> object:
        fault = connection.model.partition(".")[0]
        if fault == "moody":
            # Fails for as long as it is called sick.
            return connection.refuse(503, "server") if connection.model in self.sick else connection.answer()
        if fault == "stale":
            connection.is_kept = True
            connection.answer()
            connection.read()
            return None
        return self._faults[fault](connection)


@contextlib.contextmanager
def refused_port() -> Iterator[int]:
    """A loopback port that refuses connections: bound, but nobody listens."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        yield sock.getsockname()[1]


@contextlib.contextmanager
def deaf_port() -> Iterator[int]:
    """A loopback port that answers nobody who wants to connect: its queue is full, and nobody takes from it."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]
