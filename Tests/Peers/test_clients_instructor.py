"""instructor against Martlet in the modes people use, in front of upstreams of every dialect."""

from __future__ import annotations

import itertools

import instructor
import pydantic
from harness import GATEWAY_KEY
from openai import OpenAI
from surface_case import ALL_SIDES, SurfaceCase

MODES = (
    instructor.Mode.TOOLS,
    instructor.Mode.TOOLS_STRICT,
    instructor.Mode.JSON_SCHEMA,
    instructor.Mode.RESPONSES_TOOLS,
)


class Plan(pydantic.BaseModel):
    title: str
    count: int


class Instructor(SurfaceCase):
    def each(self, run) -> None:
        url = f"{self.martlet.url}/v1"
        for mode, side in itertools.product(MODES, ALL_SIDES):
            with self.subTest(mode=mode.name, upstream=side):
                self.forget()
                with OpenAI(base_url=url, api_key=GATEWAY_KEY, timeout=20, max_retries=0) as client:
                    run(instructor.from_openai(client, mode=mode), mode, side)

    def test_an_answer_is_of_its_type(self) -> None:
        def run(client, mode: instructor.Mode, side: str) -> None:
            messages = [{"role": "user", "content": "plan it"}]
            plan = client.create(model=f"{side}/echo", messages=messages, response_model=Plan, max_retries=0)
            self.assertIsInstance(plan, Plan)
            self.assertEqual((plan.title, plan.count), ("plain words", 7))

        self.each(run)

    def test_a_streamed_answer_grows_to_its_type(self) -> None:
        def run(client, mode: instructor.Mode, side: str) -> None:
            messages = [{"role": "user", "content": "plan it"}]
            parts = list(
                client.create_partial(model=f"{side}/echo", messages=messages, response_model=Plan, max_retries=0)
            )
            # Ollama's calls of tools arrive whole.
            is_whole = side == "ollama" and mode != instructor.Mode.JSON_SCHEMA
            self.assertGreater(len(parts), 0 if is_whole else 1)
            self.assertEqual((parts[-1].title, parts[-1].count), ("plain words", 7))

        self.each(run)
