"""Our encodings of batches and files, read into the types of the official SDKs.

The files are those that a test of the codecs compares with what it encodes.
"""

from __future__ import annotations

import json
import unittest
from pathlib import Path

import anthropic
import openai
from anthropic.types import Message, messages
from openai.types import Batch, FileDeleted, FileObject
from openai.types.chat import ChatCompletion

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
        page = openai.pagination.SyncCursorPage[Batch].model_validate(read("openai-page.json"))
        self.assertEqual(([batch.id for batch in page.data], page.has_more), (["batch_1", "batch_2"], True))
        files = openai.pagination.SyncCursorPage[FileObject].model_validate(read("openai-files.json"))
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
        page = anthropic.pagination.SyncPage[messages.MessageBatch].model_validate(read("anthropic-page.json"))
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


if __name__ == "__main__":
    unittest.main()
