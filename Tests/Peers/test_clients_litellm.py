"""litellm as a client of Martlet, by the prefixes of three of its providers, in front of every dialect."""

from __future__ import annotations

import asyncio
import itertools
import json
import os

# Without it the import fetches a list of prices.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

import litellm
from embedding_case import FORMS, EmbeddingCase
from harness import GATEWAY_KEY
from scripted_embeddings import vector_of
from surface_case import ALL_SIDES, WEATHER_ARGUMENTS, WEATHER_SCHEMA, SurfaceCase

litellm.telemetry = False
litellm.suppress_debug_info = True
WEATHER = {
    "type": "function",
    "function": {"name": "get_weather", "description": "Weather", "parameters": WEATHER_SCHEMA},
}


class LiteLLM(SurfaceCase):
    def settings(self, prefix: str) -> dict:
        base = f"{self.martlet.url}/v1" if prefix == "openai" else self.martlet.url
        return {"api_base": base, "api_key": GATEWAY_KEY, "timeout": 20, "max_retries": 0}

    def each(self, run) -> None:
        for prefix, side in itertools.product(("openai", "anthropic", "ollama_chat"), ALL_SIDES):
            with self.subTest(prefix=prefix, upstream=side):
                self.forget()
                run({"model": f"{prefix}/{side}/echo"} | self.settings(prefix), side)

    def test_an_answer_arrives_whole_and_in_pieces(self) -> None:
        def run(settings: dict, side: str) -> None:
            content = [{"type": "text", "text": "one two"}]
            messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": content}]
            answer = litellm.completion(messages=messages, **settings)
            self.assertEqual(answer.choices[0].message.content, "You said: one two")
            self.assertEqual(self.system_text(side, self.upstream(side).only_request()), "Be brief.")
            chunks = list(litellm.completion(messages=messages, stream=True, **settings))
            pieces = [chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices]
            self.assertEqual("".join(pieces), "You said: one two")
            self.assertGreater(len([piece for piece in pieces if piece]), 2)

        self.each(run)

    def test_tools_take_two_turns(self) -> None:
        def run(settings: dict, side: str) -> None:
            for stream in (False, True):
                messages: list = [{"role": "user", "content": "what is the weather"}]
                first = litellm.completion(messages=messages, tools=[WEATHER], stream=stream, **settings)
                if stream:
                    first = litellm.stream_chunk_builder(list(first))
                message = first.choices[0].message
                [call] = message.tool_calls
                self.assertEqual(call.function.name, "get_weather")
                self.assertEqual(json.loads(call.function.arguments), WEATHER_ARGUMENTS)
                messages.append(message.model_dump(exclude_none=True))
                messages.append(
                    {"role": "tool", "tool_call_id": call.id, "name": "get_weather", "content": "sunny"}
                )
                second = litellm.completion(messages=messages, tools=[WEATHER], **settings)
                # Its class for Ollama names no tool in a result, and Ollama's own requests pass as they are.
                own = settings["model"].startswith("ollama_chat/ollama/")
                said = self.tool_said(side, ("None" if own else "get_weather", "sunny"))
                self.assertEqual(second.choices[0].message.content, said)

        self.each(run)

    def test_responses_answer(self) -> None:
        for side in ALL_SIDES:
            with self.subTest(upstream=side):
                response = litellm.responses(
                    model=f"openai/{side}/echo", input="one two", **self.settings("openai")
                )
                self.assertEqual(response.output[0].content[0].text, "You said: one two")

    def test_requests_run_side_by_side(self) -> None:
        async def ask_all(settings: dict) -> list[str]:
            async def ask(number: int) -> str:
                messages = [{"role": "user", "content": f"request {number}"}]
                return (await litellm.acompletion(messages=messages, **settings)).choices[0].message.content

            return await asyncio.gather(*(ask(number) for number in range(4)))

        def run(settings: dict, side: str) -> None:
            self.assertEqual(asyncio.run(ask_all(settings)), [f"You said: request {n}" for n in range(4)])

        self.each(run)


class Embeddings(EmbeddingCase):
    def test_texts_become_vectors_in_their_order(self) -> None:
        for form in FORMS:
            with self.subTest(form=form):
                answer = litellm.embedding(
                    model=f"openai/{form}/words",
                    input=["one two", "three"],
                    api_base=f"{self.martlet.url}/v1",
                    api_key=GATEWAY_KEY,
                )
                vectors = [entry["embedding"] for entry in answer.data]
                self.assertEqual(vectors, [vector_of("one two"), vector_of("three")])
