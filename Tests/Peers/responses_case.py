"""What the tests of Responses by the official `openai` SDK share."""

from __future__ import annotations

import itertools

import pydantic
from harness import GATEWAY_KEY
from openai import OpenAI
from surface_case import CLOCK_SCHEMA, WEATHER_SCHEMA, SurfaceCase

WEATHER = {"type": "function", "name": "get_weather", "description": "Weather", "parameters": WEATHER_SCHEMA}
WEATHER["strict"] = True
CLOCK = {"type": "function", "name": "get_time", "description": "Time", "parameters": CLOCK_SCHEMA, "strict": True}


class Step(pydantic.BaseModel):
    explanation: str
    certain: bool


class Plan(pydantic.BaseModel):
    title: str
    count: int
    steps: list[Step]


PLAN = Plan(title="plain words", count=7, steps=[Step(explanation="plain words", certain=True)])


class ResponsesCase(SurfaceCase):
    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.client = cls.enterClassContext(cls.new_client())

    @classmethod
    def new_client(cls, mount: str = "/v1", **options) -> OpenAI:
        return OpenAI(
            base_url=f"{cls.martlet.url}{mount}", api_key=GATEWAY_KEY, timeout=20, max_retries=0, **options
        )

    def ask(self, name: str, input: object = "one two three", **more):
        return self.client.responses.create(model=name, input=input, **more)

    def kinds(self, events: list) -> list[str]:
        """The types of events in order, neighbours of one type told once."""
        return [kind for kind, _ in itertools.groupby(event.type for event in events)]

    def assert_numbered(self, events: list) -> None:
        self.assertEqual([event.sequence_number for event in events], list(range(len(events))))

    def calls(self, response) -> list:
        return [item for item in response.output if item.type == "function_call"]
