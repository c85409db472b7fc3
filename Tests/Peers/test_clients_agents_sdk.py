"""The OpenAI Agents SDK against Martlet, by Responses and by chat, in front of upstreams of every dialect."""

from __future__ import annotations

import asyncio
import itertools

import pydantic
from agents import (
    Agent,
    OpenAIChatCompletionsModel,
    OpenAIResponsesModel,
    Runner,
    function_tool,
    set_tracing_disabled,
)
from harness import GATEWAY_KEY
from openai import AsyncOpenAI
from openai.types.responses import ResponseTextDeltaEvent
from surface_case import ALL_SIDES, SurfaceCase

set_tracing_disabled(True)
FORMS = {"responses": OpenAIResponsesModel, "chat": OpenAIChatCompletionsModel}


class Plan(pydantic.BaseModel):
    title: str
    count: int


class AgentsSDK(SurfaceCase):
    def each(self, run) -> None:
        """Runs an async check for each form of the API and each upstream."""
        for form, side in itertools.product(FORMS, ALL_SIDES):
            with self.subTest(form=form, upstream=side):
                self.forget()
                asyncio.run(self._with_model(form, side, run))

    async def _with_model(self, form: str, side: str, run) -> None:
        url = f"{self.martlet.url}/v1"
        async with AsyncOpenAI(base_url=url, api_key=GATEWAY_KEY, timeout=20, max_retries=0) as client:
            await run(FORMS[form](model=f"{side}/echo", openai_client=client), side)

    def test_a_tool_is_run_and_its_result_reaches_the_model(self) -> None:
        async def run(model, side: str) -> None:
            asked: list[tuple[str, int]] = []

            @function_tool
            def get_weather(city: str, days: int) -> str:
                """Tells the weather."""
                asked.append((city, days))
                return "sunny"

            agent = Agent(name="helper", instructions="Be brief.", model=model, tools=[get_weather])
            result = await Runner.run(agent, "what is the weather")
            self.assertEqual(result.final_output, self.tool_said(side, ("get_weather", "sunny")))
            self.assertEqual(asked, [("plain words", 7)])
            self.assertEqual(len(self.upstream(side).received), 2)
            self.assertEqual(self.system_text(side, self.upstream(side).received[0]), "Be brief.")

        self.each(run)

    def test_a_streamed_run_shows_words_and_runs_tools(self) -> None:
        async def run(model, side: str) -> None:
            @function_tool
            def get_time(zone: str) -> str:
                """Tells the time."""
                return f"noon in {zone}"

            agent = Agent(name="helper", model=model, tools=[get_time])
            result = Runner.run_streamed(agent, "what time is it")
            words = []
            async for event in result.stream_events():
                if event.type == "raw_response_event" and isinstance(event.data, ResponseTextDeltaEvent):
                    words.append(event.data.delta)
            said = self.tool_said(side, ("get_time", "noon in plain words"))
            self.assertEqual((result.final_output, "".join(words)), (said, said))
            self.assertGreater(len(words), 3, "a delta a word")

        self.each(run)

    def test_an_output_type_is_kept(self) -> None:
        async def run(model, side: str) -> None:
            result = await Runner.run(Agent(name="planner", model=model, output_type=Plan), "plan it")
            self.assertEqual(result.final_output, Plan(title="plain words", count=7))

        self.each(run)

    def test_a_second_turn_goes_on_from_the_first(self) -> None:
        async def run(model, side: str) -> None:
            agent = Agent(name="helper", model=model)
            first = await Runner.run(agent, "one")
            second = await Runner.run(agent, [*first.to_input_list(), {"role": "user", "content": "two"}])
            self.assertEqual(second.final_output, "You said: two")
            roles = [message["role"] for message in self.turns(self.upstream(side).received[-1])]
            self.assertEqual([role for role in roles if role != "system"], ["user", "assistant", "user"])

        self.each(run)
