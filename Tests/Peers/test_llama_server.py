"""A real llama-server behind Martlet's `[local]` section."""

from __future__ import annotations

import json
import unittest

import openai
from harness import GATEWAY_KEY, Martlet, eventually, free_port, is_open
from llama_case import FIXED, HELLO, HELLO_TOKENS, NAME, LlamaServer
from openai import OpenAI

PROBED_PORTS = (11434, 8080, 9931, 1234)
# Generates until someone stops it: the server runs with context shift, and the end token is ignored.
FOR_EVER = {"max_tokens": 100_000_000, "extra_body": {"ignore_eos": True}}
TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Current weather for a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


def configuration(base_url: str) -> str:
    return (
        "version = 1\n"
        "[models.mock]\n"
        "[local]\n"
        'engine = "llama_server"\n'
        f'base_url = "{base_url}"\n'
        f'default_model = "{NAME}"\n'
        f'allowed_models = ["{NAME}"]\n'
    )


class LocalModel(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.llama = cls.enterClassContext(LlamaServer())
        cls.martlet = cls.enterClassContext(Martlet(configuration(cls.llama.url)))
        cls.client = cls.enterClassContext(
            OpenAI(base_url=f"{cls.martlet.url}/v1", api_key=GATEWAY_KEY, timeout=20, max_retries=0)
        )
        cls.direct = cls.enterClassContext(OpenAI(base_url=f"{cls.llama.url}/v1", api_key="none", timeout=20))

    def assert_local(self, headers) -> None:
        expected = {
            "x-gateway": "martlet",
            "x-provider": "llama_server",
            "x-model-source": "local",
            "x-gateway-route": "local",
            "x-gateway-model": NAME,
            "x-gateway-attempts": "1",
        }
        self.assertEqual({name: headers.get(name) for name in expected}, expected)

    def test_a_chat_answer_is_the_models_own(self) -> None:
        raw = self.client.chat.completions.with_raw_response.create(model=f"local:{NAME}", messages=HELLO, **FIXED)
        answer = raw.parse()
        direct = self.direct.chat.completions.create(model=NAME, messages=HELLO, **FIXED)
        self.assert_local(raw.headers)
        self.assertTrue(answer.choices[0].message.content)
        self.assertEqual(answer.choices[0].message.content, direct.choices[0].message.content)
        self.assertEqual(answer.choices[0].finish_reason, direct.choices[0].finish_reason)
        self.assertEqual(answer.usage.prompt_tokens, HELLO_TOKENS)
        self.assertEqual(answer.usage.completion_tokens, direct.usage.completion_tokens)
        self.assertIn("timings", answer.model_extra, "members only llama-server knows pass through")

    def test_a_stream_has_the_same_words_and_exact_usage(self) -> None:
        whole = self.direct.chat.completions.create(model=NAME, messages=HELLO, **FIXED)
        raw = self.client.chat.completions.with_raw_response.create(
            model=f"local:{NAME}", messages=HELLO, stream=True, stream_options={"include_usage": True}, **FIXED
        )
        chunks = list(raw.parse())
        self.assert_local(raw.headers)
        text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
        self.assertEqual(text, whole.choices[0].message.content)
        self.assertEqual(chunks[-1].usage.prompt_tokens, HELLO_TOKENS)
        self.assertEqual(chunks[-1].usage.completion_tokens, whole.usage.completion_tokens)
        finish = [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices]
        self.assertEqual([reason for reason in finish if reason], [whole.choices[0].finish_reason])

    def test_a_stream_that_asked_for_no_usage_shows_none(self) -> None:
        chunks = list(
            self.client.chat.completions.create(model=f"local:{NAME}", messages=HELLO, stream=True, **FIXED)
        )
        self.assertEqual([chunk.usage for chunk in chunks if chunk.usage is not None], [])
        self.assertTrue(all(chunk.choices for chunk in chunks))

    def test_tools_reach_the_model(self) -> None:
        for stream in (False, True):
            with self.subTest(stream=stream):
                usages = []
                for client, model in ((self.client, f"local:{NAME}"), (self.direct, NAME)):
                    options = {"stream": True, "stream_options": {"include_usage": True}} if stream else {}
                    answer = client.chat.completions.create(
                        model=model, messages=HELLO, tools=[TOOL], **FIXED, **options
                    )
                    usages.append([*answer][-1].usage if stream else answer.usage)
                self.assertEqual(usages[0].prompt_tokens, usages[1].prompt_tokens)
                self.assertEqual(usages[0].completion_tokens, usages[1].completion_tokens)
                self.assertGreater(usages[0].prompt_tokens, HELLO_TOKENS, "the template prints the tools")

    def test_a_tool_result_goes_back_to_the_model(self) -> None:
        call = {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": '{"city":"Oslo"}'}}
        messages = [
            *HELLO,
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "call_1", "content": "sun"},
        ]
        through = self.client.chat.completions.create(
            model=f"local:{NAME}", messages=messages, tools=[TOOL], **FIXED
        )
        direct = self.direct.chat.completions.create(model=NAME, messages=messages, tools=[TOOL], **FIXED)
        self.assertEqual(through.choices[0].message.content, direct.choices[0].message.content)
        self.assertEqual(through.usage.prompt_tokens, direct.usage.prompt_tokens)

    def test_structured_output_is_valid_json(self) -> None:
        schema = {
            "type": "object",
            "properties": {"certain": {"type": "boolean"}, "colour": {"enum": ["red", "green"]}},
            "required": ["certain", "colour"],
            "additionalProperties": False,
        }
        answer = self.client.chat.completions.create(
            model=f"local:{NAME}",
            messages=HELLO,
            temperature=0,
            max_tokens=200,
            response_format={"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}},
        )
        value = json.loads(answer.choices[0].message.content)
        self.assertEqual(set(value), {"certain", "colour"})
        self.assertIn(value["colour"], ("red", "green"))

    def test_the_provider_member_reaches_the_local_model(self) -> None:
        for body in ({"model": NAME}, {"model": f"local:{NAME}"}, {}, {"model": "default"}):
            with self.subTest(body=body):
                request = body | {"provider": "local", "messages": HELLO} | FIXED
                answer = self.martlet.request("POST", "/v1/chat/completions", request)
                self.assertEqual(answer.status, 200, answer)
                self.assert_local(answer.headers)
                self.assertEqual(answer.json["usage"]["prompt_tokens"], HELLO_TOKENS)

    def test_a_model_outside_the_allow_list_is_refused_with_the_list(self) -> None:
        with self.assertRaises(openai.BadRequestError) as raised:
            self.client.chat.completions.create(model="local:other-words", messages=HELLO, **FIXED)
        self.assertEqual(raised.exception.code, "model_not_allowed")
        self.assertIn(NAME, raised.exception.message)

    def test_the_model_list_shows_the_local_model(self) -> None:
        models = {model.id: model for model in self.client.models.list()}
        self.assertIn(f"local:{NAME}", models)
        self.assertEqual(self.client.models.retrieve(f"local:{NAME}").id, f"local:{NAME}")

    def test_health_names_the_engine(self) -> None:
        local = self.martlet.request("GET", "/health", key=None).json["components"]["local"]
        self.assertEqual((local["status"], local["engine"]), ("ok", "llama_server"))

    def test_closing_a_stream_frees_the_slot(self) -> None:
        stream = self.client.chat.completions.create(
            model=f"local:{NAME}", messages=HELLO, stream=True, **FOR_EVER
        )
        for _ in range(3):
            next(stream)
        self.assertEqual(self.llama.busy_slots(), 1)
        stream.close()
        self.assertTrue(eventually(lambda: self.llama.busy_slots() == 0), "the slot is still taken")

    def test_giving_up_on_a_whole_answer_frees_the_slot(self) -> None:
        with self.assertRaises(openai.APITimeoutError):
            self.client.with_options(timeout=0.5).chat.completions.create(
                model=f"local:{NAME}", messages=HELLO, **FOR_EVER
            )
        # A whole answer's worker looks for a closed connection only after a second without any result in the server,
        # and every look at the slots is a result: so look less often than that.
        self.assertTrue(eventually(lambda: self.llama.busy_slots() == 0, 8, 1.5), "the slot is still taken")


class FilledGap(unittest.TestCase):
    """The text between two texts, by the server's own route: it knows the tokens of its model."""

    GAP = {"model": f"local:{NAME}", "prompt": "the red house", "suffix": "the blue sea", "max_tokens": 6, "temperature": 0}

    @classmethod
    def setUpClass(cls) -> None:
        # Any three pieces of the tiny vocabulary will do.
        tokens = ",".join(f"tokenizer.ggml.fim_{part}_token_id=int:{300 + n}" for n, part in enumerate(("pre", "suf", "mid")))
        cls.llama = cls.enterClassContext(LlamaServer("--override-kv", tokens))
        cls.martlet = cls.enterClassContext(Martlet(configuration(cls.llama.url)))

    def direct(self) -> str:
        body = {"input_prefix": self.GAP["prompt"], "input_suffix": self.GAP["suffix"], "n_predict": 6, "temperature": 0}
        return self.llama.post("/infill", body)["content"]

    def test_the_gap_is_what_the_server_itself_writes(self) -> None:
        for path, text in (
            ("/v1/completions", lambda answer: answer["choices"][0]["text"]),
            ("/v1/fim/completions", lambda answer: answer["choices"][0]["message"]["content"]),
        ):
            with self.subTest(path=path):
                answer = self.martlet.request("POST", path, self.GAP)
                self.assertEqual(answer.status, 200, answer)
                self.assertEqual(text(answer.json), self.direct())
                self.assertEqual(answer.json["usage"]["completion_tokens"], 6)

    def test_a_stream_of_it_has_the_same_words(self) -> None:
        answer = self.martlet.request("POST", "/v1/completions", self.GAP | {"stream": True})
        self.assertEqual(answer.events[-1], "[DONE]")
        chunks = [json.loads(event) for event in answer.events[:-1]]
        text = "".join(choice["text"] for chunk in chunks for choice in chunk["choices"])
        self.assertEqual(text, self.direct())


class NoLocalModel(unittest.TestCase):
    def ask(self, martlet: Martlet, model: str):
        return martlet.request("POST", "/v1/chat/completions", {"model": model, "messages": HELLO})

    def test_a_configured_engine_that_does_not_answer_is_unavailable(self) -> None:
        with Martlet(configuration(f"http://127.0.0.1:{free_port()}")) as martlet:
            answer = self.ask(martlet, f"local:{NAME}")
            self.assertEqual((answer.status, answer.json["error"]["code"]), (503, "local_unavailable"), answer)
            self.assertGreaterEqual(int(answer.headers["retry-after"]), 1)

    def test_without_an_engine_the_error_says_what_to_set(self) -> None:
        taken = [port for port in PROBED_PORTS if is_open(port)]
        self.assertEqual(taken, [], "a local engine, or something else, listens where Martlet looks for one")
        with Martlet("version = 1\n[models.mock]\n") as martlet:
            answer = self.ask(martlet, "local:x")
            self.assertEqual((answer.status, answer.json["error"]["code"]), (500, "local_not_configured"), answer)
            self.assertIn("LOCAL_LLM_BASE_URL", answer.json["error"]["message"])
            self.assertEqual(answer.headers["x-should-retry"], "false")


if __name__ == "__main__":
    unittest.main()
