"""pydantic-ai against Martlet by chat, Responses and messages, in front of upstreams of every dialect."""

from __future__ import annotations

import asyncio
import itertools

import pydantic
from harness import GATEWAY_KEY
from pydantic_ai import Agent, NativeOutput, ToolOutput
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.openai import OpenAIProvider
from surface_case import ALL_SIDES, SurfaceCase


class Plan(pydantic.BaseModel):
    title: str
    count: int


class PydanticAI(SurfaceCase):
    def models(self) -> dict:
        url = self.martlet.url
        openai = {"base_url": f"{url}/v1", "api_key": GATEWAY_KEY}
        return {
            "chat": lambda name: OpenAIChatModel(name, provider=OpenAIProvider(**openai)),
            "responses": lambda name: OpenAIResponsesModel(name, provider=OpenAIProvider(**openai)),
            "messages": lambda name: AnthropicModel(
                name, provider=AnthropicProvider(base_url=url, api_key=GATEWAY_KEY)
            ),
        }

    def each(self, run) -> None:
        for (surface, make), side in itertools.product(self.models().items(), ALL_SIDES):
            with self.subTest(surface=surface, upstream=side):
                self.forget()
                asyncio.run(run(make(f"{side}/echo"), side))

    def test_a_tool_is_run_and_its_result_reaches_the_model(self) -> None:
        async def run(model, side: str) -> None:
            asked: list[tuple[str, int]] = []
            agent = Agent(model, instructions="Be brief.")

            @agent.tool_plain
            def get_weather(city: str, days: int) -> str:
                """Tells the weather."""
                asked.append((city, days))
                return "sunny"

            result = await agent.run("what is the weather")
            self.assertEqual(result.output, self.tool_said(side, ("get_weather", "sunny")))
            self.assertEqual(asked, [("plain words", 7)])
            read = [self.usage(side, received) for received in self.upstream(side).received]
            usage = result.usage() if callable(result.usage) else result.usage
            self.assertEqual((usage.input_tokens, usage.output_tokens), tuple(map(sum, zip(*read, strict=True))))

        self.each(run)

    def test_a_streamed_run_shows_words(self) -> None:
        async def run(model, side: str) -> None:
            async with Agent(model).run_stream("one two three") as result:
                pieces = [piece async for piece in result.stream_text(delta=True, debounce_by=None)]
            self.assertEqual("".join(pieces), "You said: one two three")
            self.assertGreater(len(pieces), 2, "a delta a word")

        self.each(run)

    def test_an_output_type_is_kept_by_tool_and_by_schema(self) -> None:
        async def run(model, side: str) -> None:
            # It asks a model of Anthropic's for a schema only when it knows the model's name.
            ways = (ToolOutput,) if isinstance(model, AnthropicModel) else (ToolOutput, NativeOutput)
            for how in ways:
                result = await Agent(model, output_type=how(Plan)).run("plan it")
                self.assertEqual(result.output, Plan(title="plain words", count=7), how)

        self.each(run)

    def test_a_second_turn_goes_on_from_the_first(self) -> None:
        async def run(model, side: str) -> None:
            agent = Agent(model)
            first = await agent.run("one")
            second = await agent.run("two", message_history=first.all_messages())
            self.assertEqual(second.output, "You said: two")
            self.assertEqual(len(self.turns(self.upstream(side).received[-1])), 3)

        self.each(run)
