"""Large files through Martlet, by the official openai SDK: they arrive to the byte, again after a failure, and do not
stand in the gateway's memory."""

from __future__ import annotations

import email.parser
import email.policy
import hashlib
import http.client
import json
import re
import threading
import unittest
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from harness import GATEWAY_KEY, Martlet
from openai import OpenAI
from scripted_server import ScriptedServer

MIB = 1 << 20
SOUND = hashlib.shake_256(b"sound").digest(24 * MIB)
CONFIG = """version = 1
[server]
max_body_mb = 384
[gateway.providers.vendor]
type = "openai_compatible"
base_url = "{url}"
api_key_location = "env::UPSTREAM_KEY"
[models.ear]
routing = ["vendor"]
[models.ear.providers.vendor]
model_name = "whisper-big"
"""


class FormServer(ScriptedServer):
    """Takes forms apart as they come; answers as the file's name says."""

    def __init__(self) -> None:
        super().__init__(FormHandler)
        self.forms: list[dict[str, str]] = []
        self.bytes_read = 0

    def __enter__(self) -> FormServer:
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class FormHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FormServer

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_POST(self) -> None:
        length = int(self.headers["content-length"])
        parts: list[bytes] = []
        while length > 0:
            piece = self.rfile.read(min(length, MIB))
            if not piece:
                return
            length -= len(piece)
            self.server.bytes_read += len(piece)
            # Of a very long form only the ends are kept.
            parts.append(piece if length < 64 * MIB else b"")
        head = f"content-type: {self.headers['content-type']}\r\n\r\n".encode()
        form = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + b"".join(parts))
        fields: dict[str, str] = {}
        for part in form.iter_parts():
            name = part.get_param("name", header="content-disposition")
            data = part.get_payload(decode=True)
            fields[name] = hashlib.sha256(data).hexdigest() if part.get_filename() else data.decode()
            if part.get_filename():
                fields["filename"] = part.get_filename()
        self.server.forms.append(fields)
        fails = fields.get("filename") == "fails-once.wav" and len(self.server.forms) == 1
        body = json.dumps({"error": {"message": "busy"}} if fails else {"text": "heard"}).encode()
        self.send_response(503 if fails else 200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Uploads(unittest.TestCase):
    def setUp(self) -> None:
        self.upstream = self.enterContext(FormServer())
        self.martlet = self.enterContext(
            Martlet(CONFIG.format(url=self.upstream.url), {"UPSTREAM_KEY": "sk-upstream"})
        )
        self.client = self.enterContext(
            OpenAI(base_url=f"{self.martlet.url}/v1", api_key=GATEWAY_KEY, timeout=60, max_retries=0)
        )

    def peak(self) -> int:
        """The most memory the gateway has held, in bytes."""
        status = Path(f"/proc/{self.martlet.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) << 10

    def leftovers(self) -> list[str]:
        return [path.name for path in (self.martlet.folder / "data").rglob("*upload*")]

    def test_a_large_file_arrives_to_the_byte_and_stays_out_of_memory(self) -> None:
        self.client.audio.transcriptions.create(model="ear", file=("small.wav", b"RIFF"))
        before = self.peak()
        answer = self.client.audio.transcriptions.create(model="ear", file=("big.wav", SOUND), language="en")
        self.assertEqual(answer.text, "heard")
        form = self.upstream.forms[-1]
        self.assertEqual(form["file"], hashlib.sha256(SOUND).hexdigest())
        self.assertEqual((form["model"], form["language"]), ("whisper-big", "en"))
        self.assertLess(self.peak() - before, 8 * MIB)
        self.assertEqual(self.leftovers(), [])

    def test_a_large_file_is_sent_again_when_the_first_attempt_fails(self) -> None:
        answer = self.client.audio.transcriptions.with_raw_response.create(
            model="ear", file=("fails-once.wav", SOUND)
        )
        self.assertEqual(answer.headers["x-gateway-attempts"], "2")
        digest = hashlib.sha256(SOUND).hexdigest()
        self.assertEqual([form["file"] for form in self.upstream.forms], [digest, digest])

    def send_form(self, size: int, model_last: bool = True) -> http.client.HTTPConnection:
        """Sends a form with a file of zeros, in chunks, without waiting for the answer."""
        connection = self.martlet.connect(60)
        connection.putrequest("POST", "/v1/audio/transcriptions")
        connection.putheader("authorization", f"Bearer {GATEWAY_KEY}")
        connection.putheader("content-type", "multipart/form-data; boundary=xyz")
        connection.putheader("transfer-encoding", "chunked")
        connection.endheaders()

        def chunk(data: bytes) -> None:
            connection.send(f"{len(data):x}\r\n".encode() + data + b"\r\n")

        model = b'--xyz\r\ncontent-disposition: form-data; name="model"\r\n\r\near\r\n'
        if not model_last:
            chunk(model)
        chunk(b'--xyz\r\ncontent-disposition: form-data; name="file"; filename="zero.wav"\r\n\r\n')
        zeros = bytes(MIB)
        for _ in range(size // MIB):
            chunk(zeros)
        chunk(b"\r\n" + (model if model_last else b"") + b"--xyz--\r\n")
        connection.send(b"0\r\n\r\n")
        return connection

    def test_300_mib_without_a_length_pass_through_8_mib_of_memory(self) -> None:
        self.client.audio.transcriptions.create(model="ear", file=("small.wav", b"RIFF"))
        before = self.peak()
        response = self.send_form(300 * MIB).getresponse()
        self.assertEqual(response.status, 200, response.read())
        self.assertGreater(self.upstream.bytes_read, 300 * MIB)
        self.assertLess(self.peak() - before, 8 * MIB)

    def test_what_is_larger_than_the_limit_is_refused_and_nothing_stays(self) -> None:
        try:
            status = self.send_form(400 * MIB).getresponse().status
        except (BrokenPipeError, ConnectionResetError):
            status = 413  # The gateway stopped reading before all was sent.
        self.assertEqual(status, 413)
        self.assertEqual((self.upstream.forms, self.leftovers()), ([], []))


if __name__ == "__main__":
    unittest.main()
