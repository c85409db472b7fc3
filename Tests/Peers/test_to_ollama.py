"""An OpenAI client in front of Ollama's own chat, configured or found on this device."""

from __future__ import annotations

import json
import unittest

from dialect_case import PICTURE, PNG, WEATHER, DialectCase, user
from harness import GATEWAY_KEY, Martlet
from openai import OpenAI
from scripted_ollama import ScriptedOllama


class ToOllama(DialectCase):
    def sent(self) -> dict:
        return self.ollama.only_request().json

    def test_the_context_follows_the_prompt_and_nothing_is_cut_in_silence(self) -> None:
        self.ask("ollama/echo", "short")
        self.assertEqual(self.sent()["options"]["num_ctx"], 4096)
        self.assertEqual((self.sent()["truncate"], self.sent()["stream"]), (False, False))
        self.setUp()
        self.ask("ollama/echo", "word " * 20_000)
        self.assertGreaterEqual(self.sent()["options"]["num_ctx"], 20_000)

    def test_sampling_goes_into_the_options(self) -> None:
        raw = self.ask_raw("ollama/echo", temperature=0.5, top_p=0.9, seed=7, presence_penalty=0.25, max_tokens=9)
        options = self.sent()["options"]
        expected = {"temperature": 0.5, "top_p": 0.9, "seed": 7, "presence_penalty": 0.25, "num_predict": 9}
        self.assertEqual({name: options.get(name) for name in expected}, expected)
        self.assertEqual(self.dropped(raw), set())

    def test_what_cannot_be_carried_is_named(self) -> None:
        messages = [{"role": "user", "content": "hello", "name": "tester"}]
        raw = self.ask_raw(
            "ollama/echo", messages, logit_bias={"17": -100}, user="u-17", store=True, extra_body={"vendor": {"a": 1}}
        )
        self.assertEqual(self.dropped(raw), {"logit_bias", "user", "store", "vendor", "messages[0].name"})

    def test_a_choice_of_tools_is_kept_or_named(self) -> None:
        raw = self.ask_raw("ollama/echo", tools=[WEATHER], tool_choice="none")
        self.assertEqual(raw.parse().choices[0].message.content, "You said: one two three")
        raw = self.ask_raw("ollama/echo", tools=[WEATHER], tool_choice="required")
        self.assertEqual(self.dropped(raw), {"tool_choice"})
        raw = self.ask_raw("ollama/echo", tools=[WEATHER], tool_choice="auto")
        self.assertEqual(self.dropped(raw), set())

    def test_calls_without_ids_get_some(self) -> None:
        for stream in (False, True):
            with self.subTest(stream=stream):
                if stream:
                    chunks = list(self.ask("ollama/no-ids", tools=[WEATHER], stream=True))
                    call = next(call for c in chunks for call in c.choices[0].delta.tool_calls or [])
                else:
                    call = self.ask("ollama/no-ids", tools=[WEATHER]).choices[0].message.tool_calls[0]
                self.assertRegex(call.id, r"^\S+$")

    def test_a_picture_goes_as_bare_base64(self) -> None:
        self.ask("ollama/echo", [{"role": "user", "content": [{"type": "text", "text": "what is this"}, PICTURE]}])
        [message] = self.sent()["messages"]
        self.assertEqual((message["content"], message["images"]), ("what is this", [PNG]))

    def test_developers_speak_as_the_system(self) -> None:
        self.ask("ollama/echo", [{"role": "developer", "content": "Be brief."}, *user("hello")])
        self.assertEqual(self.sent()["messages"][0], {"role": "system", "content": "Be brief."})

    def test_json_without_a_schema(self) -> None:
        answer = self.ask("ollama/echo", response_format={"type": "json_object"})
        self.assertEqual(json.loads(answer.choices[0].message.content), {"answer": "plain words"})


class LocalOllama(unittest.TestCase):
    """An Ollama behind `[local]` is recognised without being told, and asked in its own dialect."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.ollama = cls.enterClassContext(ScriptedOllama())
        local = f'version = 1\n[models.mock]\n[local]\nbase_url = "{cls.ollama.base_url}"\nkeep_alive = "7m"\n'
        cls.martlet = cls.enterClassContext(Martlet(local))
        cls.client = cls.enterClassContext(
            OpenAI(base_url=f"{cls.martlet.url}/v1", api_key=GATEWAY_KEY, timeout=20, max_retries=0)
        )

    def test_a_chat_and_a_stream_reach_it(self) -> None:
        for stream in (False, True):
            with self.subTest(stream=stream):
                self.ollama.forget()
                raw = self.client.chat.completions.with_raw_response.create(
                    model="local:echo:latest", messages=user("hello"), stream=stream
                )
                answer = raw.parse()
                if stream:
                    text = "".join(c.choices[0].delta.content or "" for c in answer if c.choices)
                else:
                    text = answer.choices[0].message.content
                self.assertEqual(text, "You said: hello")
                self.assertEqual((raw.headers["x-provider"], raw.headers["x-model-source"]), ("ollama", "local"))
                received = self.ollama.only_request()
                self.assertEqual((received.path, received.json["keep_alive"]), ("/api/chat", "7m"))

    def test_its_models_are_listed(self) -> None:
        names = {entry.id for entry in self.client.models.list()}
        self.assertLessEqual({"local:echo:latest", "local:thinker:latest"}, names)
