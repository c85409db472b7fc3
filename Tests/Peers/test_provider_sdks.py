"""The providers' own SDKs as judges: of the answers our fixtures say they give, of what Martlet makes of them, and of
what Martlet sends to them.

Each SDK reads the same answers twice: straight from a server that gives them, and through Martlet in front of it.
"""

from __future__ import annotations

import typing
import unittest

import groq
import mistralai.client
import openai
import openrouter
import together
from groq.types.chat import completion_create_params as groq_params
from harness import GATEWAY_KEY, Martlet
from mistralai.client import models as mistral_models
from scripted_provider import ScriptedProvider, expected
from surface_case import UPSTREAM_KEY, account, model
from together.types.chat import completion_create_params as together_params

MESSAGES = [{"role": "user", "content": "Hi."}]


def weather_tool() -> dict:
    return {"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}


class ProviderCase(unittest.TestCase):
    """A provider's server, and a gateway in front of it."""

    kind = ""
    mount = "/v1"

    more: tuple[str, ...] = ()

    @classmethod
    def setUpClass(cls) -> None:
        if cls is ProviderCase:
            raise unittest.SkipTest("what the others share")
        cls.provider = cls.enterClassContext(ScriptedProvider(cls.kind))
        parts = ["version = 1", account("up", cls.kind, f"{cls.provider.url}{cls.mount}", *cls.more)]
        parts += [model(name, {"up": name}) for name in cls.provider.cases]
        env = {"UPSTREAM_KEY": UPSTREAM_KEY}
        cls.martlet = cls.enterClassContext(Martlet("\n".join(parts) + "\n", env))

    @property
    def places(self) -> list[tuple[str, str]]:
        """Where the SDK is pointed, with the key for it: at the server, and at Martlet."""
        return [(self.provider.url, UPSTREAM_KEY), (self.martlet.url, GATEWAY_KEY)]

    def assert_greeting(self, text: str) -> None:
        # Those who think in tags are read by these SDKs as they came.
        self.assertTrue(text.endswith("Hello."), text)


class Mistral(ProviderCase):
    kind = "mistral"

    def clients(self):
        for url, key in self.places:
            with self.subTest(url=url), mistralai.client.Mistral(api_key=key, server_url=url) as client:
                yield client

    @staticmethod
    def text(content) -> str:
        if isinstance(content, str):
            return content
        return "".join(part.text for part in content or [] if part.type == "text")

    def test_an_answer_is_read(self) -> None:
        for client in self.clients():
            answer = client.chat.complete(model="request", messages=MESSAGES, random_seed=3)
            self.assert_greeting(self.text(answer.choices[0].message.content))
            self.assertEqual((answer.usage.prompt_tokens, answer.usage.completion_tokens), (50, 20))
            self.assertEqual(self.provider.bodies[-1]["random_seed"], 3)

    def test_a_stream_is_read(self) -> None:
        for client in self.clients():
            text, usage = "", None
            for event in client.chat.stream(model="stream", messages=MESSAGES):
                usage = event.data.usage or usage
                for choice in event.data.choices:
                    text += self.text(choice.delta.content or "")
            self.assert_greeting(text)
            if usage:  # the one through Martlet has none, which was not asked for in OpenAI's way
                self.assertEqual(usage.total_tokens, 70)

    def test_calls_of_tools_are_read(self) -> None:
        for client in self.clients():
            answer = client.chat.complete(model="tools", messages=MESSAGES, tools=[weather_tool()])
            call = answer.choices[0].message.tool_calls[0]
            self.assertEqual((call.function.name, call.id), ("weather", "D681PevKs"))
            self.assertEqual(answer.choices[0].finish_reason, "tool_calls")

    def test_a_gap_is_filled(self) -> None:
        for client in self.clients():
            answer = client.fim.complete(model="fim", prompt="def f(", suffix="return x", max_tokens=9)
            self.assertEqual(answer.choices[0].message.content, "x):\n    ")
            self.assertEqual(self.provider.paths[-1], "/v1/fim/completions")

    def test_vectors_are_read(self) -> None:
        for client in self.clients():
            answer = client.embeddings.create(model="embeddings", inputs=["a", "b"])
            self.assertEqual([entry.embedding for entry in answer.data], [[0.5, 0.25], [0.125, 1]])

    def test_only_members_that_the_sdk_knows_are_sent(self) -> None:
        def known(kind) -> set[str]:
            return {field.alias or name for name, field in kind.model_fields.items()}

        roles = {
            "system": mistral_models.SystemMessage,
            "user": mistral_models.UserMessage,
            "assistant": mistral_models.AssistantMessage,
            "tool": mistral_models.ToolMessage,
        }
        for name, case in expected("mistral").items():
            if not case.get("line", "").startswith("POST /v1/chat/completions"):
                continue
            with self.subTest(case=name):
                sent = case["sent"]
                self.assertLessEqual(set(sent), known(mistral_models.ChatCompletionRequest))
                for message in sent["messages"]:
                    self.assertLessEqual(set(message), known(roles[message["role"]]))
                # The SDK's own reading of the whole request fails on wrong types.
                request = mistral_models.ChatCompletionRequest.model_validate(sent)
                self.assertEqual(len(request.messages), len(sent["messages"]))


class Groq(ProviderCase):
    kind = "groq"
    mount = "/openai/v1"

    def clients(self):
        for url, key in self.places:
            with self.subTest(url=url), groq.Groq(api_key=key, base_url=url, max_retries=0) as client:
                yield client

    def test_an_answer_is_read(self) -> None:
        for client in self.clients():
            answer = client.chat.completions.create(model="request", messages=MESSAGES)
            self.assert_greeting(answer.choices[0].message.content)
            self.assertEqual(answer.choices[0].message.reasoning, "A greeting.")
            self.assertEqual((answer.usage.prompt_tokens, answer.usage.queue_time), (90, 0.01))

    def test_a_stream_is_read(self) -> None:
        for client in self.clients():
            text, usage = "", None
            for chunk in client.chat.completions.create(model="stream", messages=MESSAGES, stream=True):
                usage = (chunk.x_groq and chunk.x_groq.usage) or usage
                text += "".join(choice.delta.content or "" for choice in chunk.choices)
            self.assert_greeting(text)
            self.assertEqual(usage.total_tokens, 120)

    def test_calls_of_tools_are_read(self) -> None:
        for client in self.clients():
            answer = client.chat.completions.create(model="tools", messages=MESSAGES, tools=[weather_tool()])
            self.assertEqual(answer.choices[0].message.tool_calls[0].function.arguments, '{"city":"Paris"}')

    def test_an_error_is_read(self) -> None:
        for client in self.clients():
            with self.assertRaises(groq.BadRequestError) as raised:
                client.chat.completions.create(model="error", messages=MESSAGES)
            self.assertEqual(raised.exception.body["error"]["code"], "tool_use_failed")

    def test_only_members_that_the_sdk_knows_are_sent(self) -> None:
        # The API has this one; the SDK leaves it out, since it gets its usage in another way.
        known = set(groq_params.CompletionCreateParams.__annotations__) | {"stream", "stream_options"}
        for name, case in expected("groq").items():
            with self.subTest(case=name):
                self.assertLessEqual(set(case["sent"]) - {"x_vendor"}, known)


class Together(ProviderCase):
    kind = "together"

    def clients(self):
        for url, key in self.places:
            with self.subTest(url=url):
                with together.Together(api_key=key, base_url=url, max_retries=0) as client:
                    yield client

    def test_an_answer_is_read(self) -> None:
        for client in self.clients():
            answer = client.chat.completions.create(model="request", messages=MESSAGES)
            self.assert_greeting(answer.choices[0].message.content)
            self.assertEqual((answer.usage.total_tokens, answer.choices[0].finish_reason), (65, "eos"))

    def test_a_stream_is_read(self) -> None:
        for client in self.clients():
            chunks = list(client.chat.completions.create(model="stream", messages=MESSAGES, stream=True))
            self.assert_greeting("".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices))
            self.assertEqual([chunk.usage.total_tokens for chunk in chunks if chunk.usage], [65])

    def test_calls_of_tools_are_read(self) -> None:
        for client in self.clients():
            answer = client.chat.completions.create(model="tools", messages=MESSAGES, tools=[weather_tool()])
            self.assertEqual(answer.choices[0].message.tool_calls[0].function.name, "weather")

    def test_logprobs_are_counted_as_the_sdk_says(self) -> None:
        self.assertIn("int", str(typing.get_type_hints(together_params.CompletionCreateParamsBase)["logprobs"]))
        self.assertEqual(expected("together")["logprobs"]["sent"]["logprobs"], 3)


class OpenRouter(ProviderCase):
    kind = "openrouter"

    def clients(self):
        for url, key in self.places:
            with self.subTest(url=url), openrouter.OpenRouter(api_key=key, server_url=f"{url}/v1") as client:
                yield client

    def test_an_answer_is_read_with_its_cost(self) -> None:
        for client in self.clients():
            answer = client.chat.send(model="request", messages=MESSAGES)
            self.assert_greeting(answer.choices[0].message.content)
            self.assertEqual(answer.choices[0].message.reasoning, "A greeting.")
            self.assertEqual(answer.usage.cost, 0.00123)

    def test_a_stream_is_read(self) -> None:
        for client in self.clients():
            with client.chat.send(model="stream", messages=MESSAGES, stream=True) as stream:
                chunks = list(stream)
            text = "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)
            self.assert_greeting(text)
            self.assertEqual([chunk.usage.cost for chunk in chunks if chunk.usage], [0.00123])

    def test_calls_of_tools_are_read(self) -> None:
        for client in self.clients():
            answer = client.chat.send(model="tools", messages=MESSAGES, tools=[weather_tool()])
            self.assertEqual(answer.choices[0].message.tool_calls[0].function.name, "weather")

    def test_every_request_is_one_that_the_sdk_can_read(self) -> None:
        for name, case in expected("openrouter").items():
            with self.subTest(case=name):
                request = openrouter.components.ChatRequest.model_validate(case["sent"])
                self.assertEqual(len(request.messages), len(case["sent"]["messages"]))


class Azure(ProviderCase):
    """OpenAI's own client for Azure makes the same addresses as Martlet, and sends the key in the same field."""

    kind = "azure"
    mount = ""
    more = ('api_version = "2024-10-21"',)

    def test_a_deployment_is_asked_at_the_same_address(self) -> None:
        options = {"api_version": "2024-10-21", "api_key": UPSTREAM_KEY, "max_retries": 0}
        with openai.AzureOpenAI(azure_endpoint=self.provider.url, **options) as azure:
            azure.chat.completions.create(model="request", messages=MESSAGES)
        with openai.OpenAI(base_url=f"{self.martlet.url}/v1", api_key=GATEWAY_KEY, max_retries=0) as client:
            answer = client.chat.completions.create(model="request", messages=MESSAGES)
        self.assert_greeting(answer.choices[0].message.content)
        self.assertEqual(self.provider.paths[-1], self.provider.paths[-2])
        self.assertEqual(self.provider.keys[-1], self.provider.keys[-2])
        self.assertEqual(self.provider.keys[-1], UPSTREAM_KEY)


class AzureV1(ProviderCase):
    """The newer address takes OpenAI's plain client."""

    kind = "azure"
    mount = ""

    def test_the_newer_address_is_the_one_of_the_plain_client(self) -> None:
        with openai.OpenAI(base_url=f"{self.provider.url}/openai/v1/", api_key=UPSTREAM_KEY, max_retries=0) as azure:
            azure.chat.completions.create(model="request", messages=MESSAGES)
        with openai.OpenAI(base_url=f"{self.martlet.url}/v1", api_key=GATEWAY_KEY, max_retries=0) as client:
            stream = client.chat.completions.create(model="stream", messages=MESSAGES, stream=True)
            self.assert_greeting("".join(c.delta.content or "" for chunk in stream for c in chunk.choices))
        self.assertEqual(self.provider.paths[-1], self.provider.paths[-2])
