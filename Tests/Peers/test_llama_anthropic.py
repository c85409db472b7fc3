"""A real llama-server by its Anthropic endpoint, asked by the official SDKs of both formats."""

from __future__ import annotations

import unittest

from anthropic import Anthropic
from harness import GATEWAY_KEY, Martlet
from llama_case import FIXED, HELLO, HELLO_TOKENS, NAME, LlamaServer
from openai import OpenAI

# Newer releases of the SDK have no parameter for the temperature.
OWN = {"max_tokens": 12, "extra_body": {"temperature": 0}}
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


def configuration(base_url: str) -> str:
    return (
        "version = 1\n"
        "[gateway.providers.claude_at_home]\n"
        'type = "anthropic"\n'
        f'base_url = "{base_url}/v1"\n'
        'api_key_location = "none"\n'
        f'[models."{NAME}"]\n'
        'routing = ["claude_at_home"]\n'
        f'[models."{NAME}".providers.claude_at_home]\n'
        f'model_name = "{NAME}"\n'
    )


class AnthropicEndpoint(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.llama = cls.enterClassContext(LlamaServer())
        cls.martlet = cls.enterClassContext(Martlet(configuration(cls.llama.url)))
        settings = {"timeout": 20, "max_retries": 0}
        cls.openai = cls.enterClassContext(
            OpenAI(base_url=f"{cls.martlet.url}/v1", api_key=GATEWAY_KEY, **settings)
        )
        cls.anthropic = cls.enterClassContext(
            Anthropic(base_url=cls.martlet.url, api_key=GATEWAY_KEY, **settings)
        )
        cls.direct = cls.enterClassContext(Anthropic(base_url=cls.llama.url, api_key="none", **settings))

    def setUp(self) -> None:
        answer = self.direct.messages.create(model=NAME, messages=HELLO, **OWN)
        self.words = answer.content[0].text
        self.stop_reason = answer.stop_reason
        self.tokens = answer.usage.output_tokens
        self.assertTrue(self.words.strip())

    def test_an_openai_client_gets_the_models_words_and_usage(self) -> None:
        raw = self.openai.chat.completions.with_raw_response.create(model=NAME, messages=HELLO, **FIXED)
        answer = raw.parse()
        self.assertEqual(raw.headers["x-provider"], "claude_at_home")
        self.assertEqual(answer.choices[0].message.content, self.words)
        self.assertEqual(answer.choices[0].finish_reason, {"end_turn": "stop"}.get(self.stop_reason, "length"))
        self.assertEqual((answer.usage.prompt_tokens, answer.usage.completion_tokens), (HELLO_TOKENS, self.tokens))

    def test_an_openai_client_gets_a_stream(self) -> None:
        chunks = list(
            self.openai.chat.completions.create(
                model=NAME, messages=HELLO, stream=True, stream_options={"include_usage": True}, **FIXED
            )
        )
        pieces = [chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices]
        self.assertEqual("".join(pieces), self.words)
        self.assertGreater(len([piece for piece in pieces if piece]), 2)
        self.assertEqual((chunks[-1].usage.prompt_tokens, chunks[-1].usage.completion_tokens), (HELLO_TOKENS, self.tokens))

    def test_tools_and_their_results_of_an_openai_client_reach_the_model(self) -> None:
        function = {"name": "get_weather", "arguments": '{"city":"Paris"}'}
        messages = [
            *HELLO,
            {"role": "assistant", "tool_calls": [{"id": "call_1", "type": "function", "function": function}]},
            {"role": "tool", "tool_call_id": "call_1", "content": "sunny"},
        ]
        tool = {"type": "function", "function": {"name": "get_weather", "parameters": SCHEMA}}
        answer = self.openai.chat.completions.create(model=NAME, messages=messages, tools=[tool], **FIXED)
        use = {"type": "tool_use", "id": "call_1", "name": "get_weather", "input": {"city": "Paris"}}
        result = {"type": "tool_result", "tool_use_id": "call_1", "content": "sunny"}
        turns = [*HELLO, {"role": "assistant", "content": [use]}, {"role": "user", "content": [result]}]
        direct = self.direct.messages.create(
            model=NAME, messages=turns, tools=[{"name": "get_weather", "input_schema": SCHEMA}], **OWN
        )
        self.assertEqual(answer.choices[0].message.content, direct.content[0].text)
        read = direct.usage.input_tokens + (direct.usage.cache_read_input_tokens or 0)
        self.assertEqual(answer.usage.prompt_tokens, read)
        self.assertGreater(read, 2 * HELLO_TOKENS, "the template prints the tools")

    def test_an_anthropic_client_gets_what_it_would_get_without_a_gateway(self) -> None:
        answer = self.anthropic.messages.create(model=NAME, messages=HELLO, **OWN)
        self.assertEqual(answer.content[0].text, self.words)
        self.assertEqual(answer.stop_reason, self.stop_reason)
        usage = answer.usage
        self.assertEqual(usage.input_tokens + (usage.cache_read_input_tokens or 0), HELLO_TOKENS)

    def test_an_anthropic_client_gets_a_stream_and_its_tokens_counted(self) -> None:
        with self.anthropic.messages.stream(model=NAME, messages=HELLO, **OWN) as stream:
            self.assertEqual("".join(stream.text_stream), self.words)
            self.assertEqual(stream.get_final_message().usage.output_tokens, self.tokens)
        counted = self.anthropic.messages.count_tokens(model=NAME, messages=HELLO)
        self.assertEqual(counted.input_tokens, HELLO_TOKENS)


if __name__ == "__main__":
    unittest.main()
