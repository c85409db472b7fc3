"""Amazon SageMaker endpoints behind Martlet, asked by OpenAI's and Anthropic's SDKs; boto3 reads the same bytes."""

from __future__ import annotations

import json
import unittest

import boto3
import openai
from anthropic import Anthropic
from bedrock_case import calls_of, model, openai_usage, text_of
from botocore.config import Config
from dialect_case import WEATHER, WEATHER_ARGUMENTS, user
from harness import GATEWAY_KEY, Martlet
from openai import OpenAI
from scripted_sagemaker import KEY, ScriptedSageMaker

ENDPOINTS = ("echo", "failing", "refuse-429", "broken", "cut")


def account(name: str, base_url: str, *more: str) -> str:
    lines = [f"[gateway.providers.{name}]", 'type = "aws_sagemaker"', 'region = "us-east-1"', f'base_url = "{base_url}"']
    return "\n".join([*lines, 'api_key_location = "env::SAGEMAKER_KEY"', *more])


class SageMakerCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.sagemaker = cls.enterClassContext(ScriptedSageMaker())
        parts = ["version = 1"]
        for kind, more in (("openai", ["container_model = \"served\""]), ("tgi", ['hosted_provider = "tgi"'])):
            for endpoint in ENDPOINTS:
                name = f"{kind}_{endpoint.replace('-', '_')}"
                parts.append(account(name, cls.sagemaker.base_url, *more))
                parts.append(model(f"{kind}/{endpoint}", name, ("tgi-" if kind == "tgi" else "") + endpoint))
        cls.martlet = cls.enterClassContext(Martlet("\n".join(parts) + "\n", {"SAGEMAKER_KEY": KEY}))
        cls.client = cls.enterClassContext(
            OpenAI(base_url=f"{cls.martlet.url}/v1", api_key=GATEWAY_KEY, timeout=20, max_retries=0)
        )
        cls.anthropic = cls.enterClassContext(Anthropic(base_url=cls.martlet.url, api_key=GATEWAY_KEY, max_retries=0))

    def setUp(self) -> None:
        self.sagemaker.forget()

    def ask(self, name: str, **more):
        return self.client.chat.completions.create(**({"model": name, "messages": user("one two three")} | more))


class SageMaker(SageMakerCase):
    def test_an_answer_and_a_stream(self) -> None:
        for kind in ("openai", "tgi"):
            with self.subTest(container=kind):
                self.setUp()
                answer = self.ask(f"{kind}/echo", temperature=0, max_completion_tokens=99, user="u-17", store=True)
                self.assertEqual(answer.choices[0].message.content, "You said: one two three")
                received = self.sagemaker.only_request()
                endpoint = "tgi-echo" if kind == "tgi" else "echo"
                self.assertEqual(received.path, f"/endpoints/{endpoint}/invocations")
                self.assertEqual(received.json["model"], "tgi" if kind == "tgi" else "served")
                self.assertEqual(answer.usage.prompt_tokens, received.usage["prompt_tokens"])
            with self.subTest(container=kind, stream=True):
                self.setUp()
                more = {"stream": True, "stream_options": {"include_usage": True}}
                chunks = list(self.ask(f"{kind}/echo", **more))
                self.assertEqual(text_of(chunks), "You said: one two three")
                self.assertEqual([c.choices[0].finish_reason for c in chunks if c.choices][-1], "stop")
                received = self.sagemaker.only_request()
                self.assertEqual(received.path, f"/endpoints/{endpoint}/invocations-response-stream")
                if kind == "openai":
                    self.assertEqual(openai_usage(chunks[-1].usage)["input"], received.usage["prompt_tokens"])

    def test_tools(self) -> None:
        for kind in ("openai", "tgi"):
            [call] = self.ask(f"{kind}/echo", tools=[WEATHER]).choices[0].message.tool_calls
            self.assertEqual(json.loads(call.function.arguments), WEATHER_ARGUMENTS)
        [streamed] = calls_of(list(self.ask("openai/echo", tools=[WEATHER], stream=True)))
        self.assertEqual((streamed["name"], streamed["arguments"]), ("get_weather", WEATHER_ARGUMENTS))
        with self.assertRaises(openai.BadRequestError) as raised:
            self.ask("tgi/echo", tools=[WEATHER], stream=True)
        self.assertEqual(raised.exception.param, "tools")

    def test_what_the_container_does_not_take_is_named(self) -> None:
        raw = self.client.chat.completions.with_raw_response.create(
            model="tgi/echo",
            messages=user("hello"),
            user="u-17",
            store=True,
            metadata={"a": "b"},
            reasoning_effort="low",
        )
        dropped = set(raw.headers["x-gateway-dropped"].split(", "))
        self.assertEqual(dropped, {"user", "store", "metadata.a", "reasoning_effort"})

    def test_what_the_container_refused_is_told_with_its_status(self) -> None:
        with self.assertRaises(openai.UnprocessableEntityError) as raised:
            self.ask("openai/failing")
        self.assertIn("The container does not like it.", raised.exception.message)

    def test_a_stream_that_breaks_says_so(self) -> None:
        for endpoint in ("broken", "cut"):
            with self.subTest(endpoint=endpoint):
                seen = []
                with self.assertRaises(openai.APIError):
                    for chunk in self.ask(f"openai/{endpoint}", stream=True):
                        seen.append(chunk)
                self.assertFalse(any(chunk.choices[0].finish_reason for chunk in seen if chunk.choices))

    def test_a_client_of_anthropic(self) -> None:
        message = self.anthropic.messages.create(model="openai/echo", max_tokens=99, messages=user("one two three"))
        self.assertEqual(message.content[0].text, "You said: one two three")
        with self.anthropic.messages.stream(model="tgi/echo", max_tokens=99, messages=user("one two three")) as stream:
            self.assertEqual(stream.get_final_message().content[0].text, "You said: one two three")

    def test_the_sdk_of_the_service_reads_the_same_bytes(self) -> None:
        boto = boto3.client(
            "sagemaker-runtime",
            endpoint_url=self.sagemaker.base_url,
            region_name="us-east-1",
            aws_access_key_id="AKIDEXAMPLE",
            aws_secret_access_key="not a secret",
            config=Config(retries={"max_attempts": 0}),
        )
        body = json.dumps({"model": "m", "messages": user("one two three"), "stream": True}).encode()
        answer = boto.invoke_endpoint_with_response_stream(
            EndpointName="echo", ContentType="application/json", Body=body
        )
        read = b"".join(event["PayloadPart"]["Bytes"] for event in answer["Body"])
        self.assertEqual(read, self.sagemaker.only_request().answer)
        self.assertTrue(read.endswith(b"data: [DONE]\n\n"))


if __name__ == "__main__":
    unittest.main()
