"""What the tests of the official `anthropic` SDK share."""

from __future__ import annotations

import anthropic
import pydantic
from anthropic import Anthropic
from harness import GATEWAY_KEY
from scripted_upstream import Received
from surface_case import CLOCK_SCHEMA, WEATHER_SCHEMA, SurfaceCase

MAJOR = int(anthropic.__version__.split(".")[0])
WEATHER = {"name": "get_weather", "description": "Weather", "input_schema": WEATHER_SCHEMA}
CLOCK = {"name": "get_time", "description": "Time", "input_schema": CLOCK_SCHEMA}
THINKING = {"type": "enabled", "budget_tokens": 1024}


class Step(pydantic.BaseModel):
    explanation: str
    certain: bool


class Plan(pydantic.BaseModel):
    title: str
    count: int
    steps: list[Step]


PLAN = Plan(title="plain words", count=7, steps=[Step(explanation="plain words", certain=True)])


def user(text: str) -> list[dict]:
    return [{"role": "user", "content": text}]


class MessagesCase(SurfaceCase):
    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.client = cls.enterClassContext(cls.new_client())

    @classmethod
    def new_client(cls, mount: str = "", **options) -> Anthropic:
        options = {"api_key": GATEWAY_KEY, "max_retries": 0} | options
        return Anthropic(base_url=cls.martlet.url + mount, timeout=20, **options)

    def ask(self, name: str, messages: list | str = "one two three", **more):
        messages = user(messages) if isinstance(messages, str) else messages
        return self.client.messages.create(model=name, messages=messages, **({"max_tokens": 4096} | more))

    def ask_raw(self, name: str, messages: list | str = "one two three", **more):
        messages = user(messages) if isinstance(messages, str) else messages
        create = self.client.messages.with_raw_response.create
        return create(model=name, messages=messages, **({"max_tokens": 4096} | more))

    def streamed(self, name: str, messages: list | str = "one two three", **more):
        messages = user(messages) if isinstance(messages, str) else messages
        more = {"max_tokens": 4096} | more
        with self.client.messages.stream(model=name, messages=messages, **more) as stream:
            return stream.get_final_message()

    def text(self, message) -> str:
        return "".join(block.text for block in message.content if block.type == "text")

    def calls(self, message) -> list:
        return [block for block in message.content if block.type == "tool_use"]

    def assert_counted(self, side: str, message, received: Received) -> None:
        read, written = self.usage(side, received)
        usage = message.usage
        cached = (usage.cache_read_input_tokens or 0) + (usage.cache_creation_input_tokens or 0)
        self.assertEqual((usage.input_tokens + cached, usage.output_tokens), (read, written))
