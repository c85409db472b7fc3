"""Claude on Vertex AI: OpenAI and Anthropic clients through Martlet, and Anthropic's own Vertex client as the judge."""

from __future__ import annotations

import json
import unittest

import anthropic
from dialect_case import WEATHER, WEATHER_ARGUMENTS, claude_usage, model, user
from gemini_case import account
from harness import GATEWAY_KEY, Martlet
from openai import OpenAI
from scripted_vertex_claude import BASE, TOKEN, VERSION, ScriptedVertexClaude

MODELS = "echo parallel claude-sonnet-4-5@20250929 claude-opus-5-1 refuse-400 redacted cut".split()


class VertexClaude(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.upstream = cls.enterClassContext(ScriptedVertexClaude())
        cls.martlet = cls.enterClassContext(Martlet(cls.configuration(), {"VERTEX_TOKEN": TOKEN}))
        cls.openai = cls.enterClassContext(
            OpenAI(base_url=f"{cls.martlet.url}/v1", api_key=GATEWAY_KEY, timeout=20, max_retries=0)
        )
        cls.anthropic = cls.enterClassContext(
            anthropic.Anthropic(base_url=cls.martlet.url, api_key=GATEWAY_KEY, timeout=20, max_retries=0)
        )

    @classmethod
    def configuration(cls) -> str:
        parts = ["version = 1"]
        # `vertex` finds Claude by the name of the model.
        for name, kind in (("claude", "gcp_vertex_anthropic"), ("both", "vertex"), ("failing", "gcp_vertex_anthropic")):
            parts.append(account(name, kind, cls.upstream.base_url, "VERTEX_TOKEN"))
        parts += [model(name.replace("@", "-"), {"claude": name}) for name in MODELS]
        parts.append(model("by-name", {"both": "claude-opus-5-1"}))
        parts.append(model("google-503", {"failing": "google-503"}))
        return "\n".join(parts) + "\n"

    def setUp(self) -> None:
        self.upstream.forget()

    def test_the_model_is_in_the_path_and_the_version_in_the_body(self) -> None:
        cases = [("claude-sonnet-4-5-20250929", "claude-sonnet-4-5@20250929"), ("by-name", "claude-opus-5-1")]
        for name, upstream in cases:
            for stream in (False, True):
                with self.subTest(model=name, stream=stream):
                    self.setUp()
                    answer = self.openai.chat.completions.create(
                        model=name, messages=user("one two three"), stream=stream
                    )
                    if stream:
                        text = "".join(c.choices[0].delta.content or "" for c in answer if c.choices)
                    else:
                        text = answer.choices[0].message.content
                    self.assertEqual(text, "You said: one two three")
                    received = self.upstream.only_request()
                    method = "streamRawPredict" if stream else "rawPredict"
                    self.assertEqual(received.path, f"{BASE}/publishers/anthropic/models/{upstream}:{method}")
                    self.assertEqual(received.headers["authorization"], f"Bearer {TOKEN}")
                    self.assertEqual(received.json["anthropic_version"], VERSION)
                    self.assertNotIn("model", received.json)
                    self.assertEqual(received.json.get("stream", False), stream)

    def test_tools_and_usage_come_through(self) -> None:
        answer = self.openai.chat.completions.create(model="echo", messages=user("weather"), tools=[WEATHER])
        call = answer.choices[0].message.tool_calls[0]
        self.assertEqual(json.loads(call.function.arguments), WEATHER_ARGUMENTS)
        expected = claude_usage(self.upstream.only_request())
        self.assertEqual(answer.usage.total_tokens, expected["total"])

    def test_an_anthropic_client_keeps_all_its_words(self) -> None:
        more = {"extra_body": {"cache_control": {"type": "ephemeral"}}, "extra_headers": {"anthropic-beta": "x-1,y-2"}}
        message = {"role": "user", "content": [{"type": "text", "text": "hi", "cache_control": {"type": "ephemeral"}}]}
        options = dict(model="redacted", max_tokens=100, messages=[message], metadata={"user_id": "u"})
        answer = self.anthropic.messages.create(**options, **more)
        self.assertEqual([block.type for block in answer.content], ["redacted_thinking", "text"])
        received = self.upstream.only_request()
        self.assertEqual(
            received.json,
            {
                "anthropic_version": VERSION,
                "max_tokens": 100,
                "messages": [message],
                "metadata": {"user_id": "u"},
                "cache_control": {"type": "ephemeral"},
            },
        )
        self.assertEqual(received.headers["anthropic-beta"], "x-1,y-2")
        self.assertNotIn("x-api-key", received.headers)
        self.setUp()
        with self.anthropic.messages.stream(**options) as events:
            streamed = events.get_final_message()
        self.assertEqual([block.model_dump() for block in streamed.content], [b.model_dump() for b in answer.content])
        self.assertEqual(streamed.usage.output_tokens, answer.usage.output_tokens)

    def test_errors_of_both_makers_are_told(self) -> None:
        with self.assertRaises(anthropic.BadRequestError) as caught:
            self.anthropic.messages.create(model="refuse-400", max_tokens=9, messages=user("hi"))
        self.assertIn("prompt is too long", str(caught.exception))
        with self.assertRaises(anthropic.APIStatusError) as google:
            self.anthropic.messages.create(model="google-503", max_tokens=9, messages=user("hi"))
        self.assertEqual(google.exception.body["type"], "error")
        self.assertNotIn(TOKEN, str(google.exception.body))

    def test_a_stream_that_is_cut_is_no_answer(self) -> None:
        with self.assertRaises(anthropic.APIError), self.anthropic.messages.stream(
            model="cut", max_tokens=100, messages=user("one two three")
        ) as events:
            events.get_final_message()

    def test_anthropics_own_vertex_client_asks_the_same(self) -> None:
        body = dict(max_tokens=64, messages=user("hi"))
        self.anthropic.messages.create(model="claude-opus-5-1", **body)
        ours = self.upstream.only_request()
        self.setUp()
        judge = anthropic.AnthropicVertex(
            base_url=f"{self.upstream.root_url}/v1", project_id="p1", region="europe-west4", access_token=TOKEN
        )
        try:
            judge.messages.create(model="claude-opus-5-1", **body)
        except anthropic.APIStatusError:
            # Its newest version of the body is another one; the path and the rest are what is compared.
            pass
        theirs = self.upstream.only_request()
        self.assertEqual(theirs.path, ours.path)
        self.assertEqual(theirs.headers["authorization"], ours.headers["authorization"])
        self.assertEqual(
            {k: v for k, v in theirs.json.items() if k not in ("anthropic_version", "stream")},
            {k: v for k, v in ours.json.items() if k != "anthropic_version"},
        )
