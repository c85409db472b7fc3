"""Our encodings of batches and files, read into the types of the official SDKs.

The files are those that a test of the codecs compares with what it encodes.
"""

from __future__ import annotations

import email.parser
import email.policy
import http.client
import json
import re
import threading
import unittest
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import openai

from anthropic.pagination import SyncPage
from anthropic.types import Message, messages
from openai.pagination import SyncCursorPage
from openai.types import Batch, FileDeleted, FileObject
from openai.types.chat import ChatCompletion
from scripted_server import ScriptedServer

FOLDER = Path(__file__).resolve().parent.parent / "MartletDialectsTests" / "Fixtures" / "Batch"


def read(name: str) -> dict:
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))


def lines(name: str) -> list[dict]:
    return [json.loads(line) for line in (FOLDER / name).read_text(encoding="utf-8").splitlines()]


class BatchTypes(unittest.TestCase):
    """Everything has a place in the vendor's types, and is of the right type."""

    def known(self, kind: type, value: dict):
        parsed = kind.model_validate(value)
        self.assertEqual(parsed.model_extra or {}, {}, kind.__name__)
        return parsed

    def test_a_batch_of_openai(self) -> None:
        batch = self.known(Batch, read("openai-batch.json"))
        self.assertEqual((batch.status, batch.request_counts.total, batch.metadata), ("completed", 3, {"job": "nightly"}))
        times = [name for name in Batch.model_fields if name.endswith("_at")]
        self.assertEqual([name for name in times if getattr(batch, name) is None], [])
        self.assertEqual(batch.usage.input_tokens_details.cached_tokens, 4)
        failed = self.known(Batch, read("openai-failed.json"))
        self.assertEqual([(error.code, error.line) for error in failed.errors.data], [("invalid_json_line", 1)])

    def test_pages_of_openai(self) -> None:
        page = SyncCursorPage[Batch].model_validate(read("openai-page.json"))
        self.assertEqual(([batch.id for batch in page.data], page.has_more), (["batch_1", "batch_2"], True))
        files = SyncCursorPage[FileObject].model_validate(read("openai-files.json"))
        self.assertEqual([file.id for file in files.data], ["file-2"])

    def test_files_of_openai(self) -> None:
        file = self.known(FileObject, read("openai-file.json"))
        self.assertEqual((file.purpose, file.bytes, file.status), ("batch_output", 120, "processed"))
        self.assertTrue(self.known(FileDeleted, read("openai-file-deleted.json")).deleted)

    def test_results_of_openai(self) -> None:
        rows = {row["custom_id"]: row for row in lines("openai-results.jsonl")}
        answer = rows["a"]["response"]
        self.assertEqual((answer["status_code"], rows["a"]["error"]), (200, None))
        self.assertEqual(self.known(ChatCompletion, answer["body"]).choices[0].message.content, "Hi")
        codes = {name: row["error"]["code"] for name, row in rows.items() if row["error"]}
        self.assertEqual(codes, {"c": "batch_cancelled", "d": "batch_expired", "e": "provider_error"})

    def test_batches_of_anthropic(self) -> None:
        batch = self.known(messages.MessageBatch, read("anthropic-batch.json"))
        self.assertEqual((batch.processing_status, batch.request_counts.expired), ("ended", 1))
        self.assertEqual(batch.ended_at.isoformat(), "2026-11-20T11:00:00+00:00")
        running = self.known(messages.MessageBatch, read("anthropic-running.json"))
        self.assertIsNone(running.results_url)
        page = SyncPage[messages.MessageBatch].model_validate(read("anthropic-page.json"))
        self.assertEqual([batch.id for batch in page.data], ["msgbatch_1", "msgbatch_2"])
        self.known(messages.DeletedMessageBatch, read("anthropic-deleted.json"))

    def test_results_of_anthropic(self) -> None:
        rows = [
            self.known(messages.MessageBatchIndividualResponse, row) for row in lines("anthropic-results.jsonl")
        ]
        kinds = {row.custom_id: row.result.type for row in rows}
        self.assertEqual(
            kinds, {"a": "succeeded", "b": "errored", "c": "canceled", "d": "expired", "e": "errored"}
        )
        self.assertIsInstance(rows[0].result.message, Message)
        self.assertEqual(rows[1].result.error.error.type, "invalid_request_error")
        self.assertEqual(rows[4].result.error.error.message, "down")

class FilesHandler(BaseHTTPRequestHandler):
    """OpenAI's endpoints of files and batches: reads forms with Python's own parser, answers with our encodings."""

    protocol_version = "HTTP/1.1"
    server: FilesServer

    def log_message(self, format: str, *args: object) -> None:
        pass

    def answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        kind = self.headers["content-type"]
        if self.path == "/v1/batches":
            self.server.batches.append(json.loads(body))
            return self.answer(200, (FOLDER / "openai-batch.json").read_bytes())
        self.server.bodies.append((kind, body))
        form = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(
            b"content-type: " + kind.encode() + b"\r\n\r\n" + body
        )
        if form.defects or not form.is_multipart():
            return self.answer(400, b'{"error":{"message":"no form","type":"invalid_request_error"}}')
        fields = {}
        for part in form.iter_parts():
            name = part.get_param("name", header="content-disposition")
            fields[name] = (part.get_filename(), part.get_payload(decode=True))
        self.server.forms.append(fields)
        self.answer(200, (FOLDER / "openai-file.json").read_bytes())

    def do_GET(self) -> None:
        name = {
            "/v1/files": "openai-files.json",
            "/v1/files/file-2": "openai-file.json",
            "/v1/files/file-2/content": "openai-results.jsonl",
        }.get(self.path.split("?")[0])
        if name is None:
            return self.answer(404, (FOLDER / "openai-file-error.json").read_bytes())
        self.answer(200, (FOLDER / name).read_bytes())

    def do_DELETE(self) -> None:
        self.answer(200, (FOLDER / "openai-file-deleted.json").read_bytes())


class FilesServer(ScriptedServer):
    def __init__(self) -> None:
        super().__init__(FilesHandler)
        self.bodies: list[tuple[str, bytes]] = []
        self.forms: list[dict[str, tuple[str | None, bytes]]] = []
        self.batches: list[dict] = []


class Uploads(unittest.TestCase):
    """Files and batches over HTTP, by the official SDK."""

    LINES = b'{"custom_id":"a","method":"POST","url":"/v1/embeddings","body":{"model":"m","input":"\xc3\xa9"}}\n'
    NAME = 'nightly "1" \\ \u00e9.jsonl'
    BOUNDARY = b"0123456789abcdef" * 2

    def setUp(self) -> None:
        self.server = FilesServer()
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        self.client = openai.OpenAI(
            api_key="k", base_url=f"http://127.0.0.1:{self.server.server_port}/v1", max_retries=0
        )
        self.addCleanup(self.client.close)

    def test_the_sdk_sends_the_form_that_we_write_and_read(self) -> None:
        file = self.client.files.create(
            file=(self.NAME, self.LINES),
            purpose="batch",
            expires_after={"anchor": "created_at", "seconds": 86_400},
        )
        self.assertEqual(file.id, "file-2")
        kind, body = self.server.bodies[0]
        boundary = re.fullmatch(r"multipart/form-data; boundary=([0-9a-f]{32})", kind)
        self.assertIsNotNone(boundary, kind)
        self.assertEqual(
            body.replace(boundary[1].encode(), self.BOUNDARY), (FOLDER / "openai-upload.form").read_bytes()
        )

    def test_another_parser_reads_our_form(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.server_port)
        self.addCleanup(connection.close)
        kind = "multipart/form-data; boundary=" + self.BOUNDARY.decode()
        body = (FOLDER / "openai-upload.form").read_bytes()
        connection.request("POST", "/v1/files", body, {"content-type": kind})
        self.assertEqual(connection.getresponse().status, 200)
        form = self.server.forms[0]
        self.assertEqual(list(form), ["purpose", "expires_after[anchor]", "expires_after[seconds]", "file"])
        self.assertEqual(form["purpose"], (None, b"batch"))
        self.assertEqual(form["expires_after[seconds]"], (None, b"86400"))
        self.assertEqual(form["file"][1], self.LINES)

    def test_the_sdk_takes_our_answers(self) -> None:
        self.assertEqual([file.id for file in self.client.files.list(purpose="batch")], ["file-2"])
        self.assertEqual(self.client.files.retrieve("file-2").purpose, "batch_output")
        self.assertEqual(len(self.client.files.content("file-2").text.splitlines()), 5)
        self.assertTrue(self.client.files.delete("file-2").deleted)
        with self.assertRaises(openai.NotFoundError) as caught:
            self.client.files.retrieve("file-9")
        self.assertEqual((caught.exception.code, caught.exception.param), ("not_found", "file_id"))
        batch = self.client.batches.create(
            input_file_id="file-1",
            endpoint="/v1/embeddings",
            completion_window="24h",
            metadata={"job": "nightly"},
            output_expires_after={"anchor": "created_at", "seconds": 3_600},
        )
        self.assertEqual(batch.output_file_id, "file-2")
        self.assertEqual(self.server.batches, [read("openai-request.json")])


if __name__ == "__main__":
    unittest.main()
