"""The official `openai` SDK's embeddings against Martlet, in front of an upstream of either form.

Run under each major version of the SDK that is in use (see scripts/peers.sh).
"""

from __future__ import annotations

import json

import openai
from embedding_case import FORMS, EmbeddingCase
from harness import ADMIN_KEY, GATEWAY_KEY, eventually
from openai import OpenAI
from scripted_embeddings import LENGTH, MOST_INPUTS, pack, vector_of

TEXTS = ["one two", "naïve ☃", "one two"]


class Embeddings(EmbeddingCase):
    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        url = f"{cls.martlet.url}/v1"
        cls.client = cls.enterClassContext(OpenAI(base_url=url, api_key=GATEWAY_KEY, timeout=20, max_retries=0))

    def post(self, body: dict, mount: str = "/v1"):
        return self.martlet.request("POST", f"{mount}/embeddings", body)

    def test_texts_become_vectors_in_their_order(self) -> None:
        for form in FORMS:
            for encoding in ({}, {"encoding_format": "float"}, {"encoding_format": "base64"}):
                with self.subTest(form=form, encoding=encoding):
                    self.upstream.forget()
                    answer = self.client.embeddings.create(model=f"{form}/words", input=TEXTS, **encoding)
                    self.assertEqual([entry.index for entry in answer.data], [0, 1, 2])
                    wanted = [vector_of(text) for text in TEXTS]
                    if encoding.get("encoding_format") == "base64":
                        wanted = [pack(vector) for vector in wanted]
                    self.assertEqual([entry.embedding for entry in answer.data], wanted)
                    self.assertEqual((answer.usage.prompt_tokens, answer.usage.total_tokens), (6, 6))
                    self.assertEqual(answer.object, "list")
                    path = "/v1/embeddings" if form == "openai" else "/api/embed"
                    self.assertEqual(self.upstream.only_request().path, path)

    def test_one_text_becomes_one_vector(self) -> None:
        for form in FORMS:
            with self.subTest(form=form):
                answer = self.client.embeddings.create(model=f"{form}/words", input="one two")
                self.assertEqual([entry.embedding for entry in answer.data], [vector_of("one two")])

    def test_the_form_that_was_asked_for_is_given(self) -> None:
        for name in ("openai/words", "openai/stubborn", "ollama/words"):
            for encoding, wanted in (("float", vector_of("one")), ("base64", pack(vector_of("one")))):
                with self.subTest(model=name, encoding=encoding):
                    answer = self.post({"model": name, "input": "one", "encoding_format": encoding})
                    self.assertEqual(answer.json["data"][0]["embedding"], wanted, answer)

    def test_token_ids_reach_a_model_that_takes_them(self) -> None:
        many = self.client.embeddings.create(model="openai/words", input=[[1, 2, 3], [4]])
        self.assertEqual([entry.embedding for entry in many.data], [vector_of([1, 2, 3]), vector_of([4])])
        one = self.client.embeddings.create(model="openai/words", input=[1, 2, 3])
        self.assertEqual([entry.embedding for entry in one.data], [vector_of([1, 2, 3])])
        with self.assertRaises(openai.BadRequestError):
            self.client.embeddings.create(model="ollama/words", input=[1, 2, 3])

    def test_vectors_can_be_shorter(self) -> None:
        for form in FORMS:
            with self.subTest(form=form):
                answer = self.client.embeddings.create(model=f"{form}/words", input="one", dimensions=3)
                self.assertEqual(answer.data[0].embedding, vector_of("one", 3))

    def test_more_inputs_than_a_call_takes_are_split_and_joined_in_order(self) -> None:
        texts = [f"text {number}" for number in range(MOST_INPUTS + 500)]
        answer = self.client.embeddings.create(model="openai/words", input=texts)
        self.assertEqual([entry.index for entry in answer.data], list(range(len(texts))))
        self.assertEqual([entry.embedding for entry in answer.data], [vector_of(text) for text in texts])
        self.assertEqual(answer.usage.prompt_tokens, 2 * len(texts))
        sent = [text for received in self.upstream.received for text in received.json["input"]]
        self.assertGreater(len(self.upstream.received), 1)
        self.assertEqual(sorted(sent), sorted(texts))

    def test_the_same_form_is_asked_in_the_callers_bytes(self) -> None:
        before, after = b'{ "model" : "', b'" ,"input":[ "\\u0068i" ], "user" : "u", "later":1e2}'
        answer = self.martlet.request("POST", "/v1/embeddings", before + b"openai/words" + after)
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(self.upstream.only_request().body, before + b"words" + after)
        self.assertEqual(answer.body, self.upstream.only_request().answer)

    def test_every_mount_answers(self) -> None:
        for mount in ("/v1", "/ai/v1", "/openai/v1"):
            with self.subTest(mount=mount):
                answer = self.post({"model": "ollama/words", "input": "one"}, mount)
                self.assertEqual(len(answer.json["data"][0]["embedding"]), LENGTH)

    def test_a_refusal_reaches_the_caller(self) -> None:
        for form in FORMS:
            with self.subTest(form=form):
                with self.assertRaises(openai.BadRequestError) as raised:
                    self.client.embeddings.create(model=f"{form}/refuse", input="one")
                self.assertIn("makes no vectors", raised.exception.message)

    def test_a_body_without_input_is_a_bad_request(self) -> None:
        for body in ({"model": "openai/words"}, {"model": "ollama/words", "input": {}}, {"model": "ollama/words"}):
            with self.subTest(body=body):
                self.assertEqual(self.post(body).status, 400)

    def test_usage_is_recorded(self) -> None:
        self.client.embeddings.create(model="ollama/words", input=["one two three", "four"])

        def row() -> dict | None:
            report = self.martlet.request("GET", "/admin/usage", key=ADMIN_KEY).json
            return next((row for row in report["data"] if row["model"] == "ollama/words"), None)

        found = eventually(row)
        self.assertGreaterEqual(found["input_tokens"], 4)
        self.assertEqual((found["output_tokens"], found["estimated_requests"]), (0, 0))

    def test_the_clients_key_stays_here(self) -> None:
        self.client.embeddings.create(model="openai/words", input="one")
        received = self.upstream.only_request()
        self.assertEqual([name for name, value in received.headers.items() if GATEWAY_KEY in value], [])
        self.assertEqual(json.loads(received.body)["model"], "words")
