"""LangChain against Martlet by four of its classes, in front of upstreams of every dialect."""

from __future__ import annotations

import asyncio
import itertools

import pydantic
from embedding_case import FORMS, EmbeddingCase
from harness import GATEWAY_KEY
from langchain_anthropic import ChatAnthropic
from langchain_core.messages import HumanMessage, SystemMessage, ToolMessage
from langchain_core.tools import tool
from langchain_ollama import ChatOllama, OllamaEmbeddings
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from scripted_embeddings import vector_of
from surface_case import ALL_SIDES, WEATHER_ARGUMENTS, SurfaceCase


class Plan(pydantic.BaseModel):
    """A plan."""

    title: str
    count: int


@tool
def get_weather(city: str, days: int) -> str:
    """Tells the weather."""
    return f"sunny for {days} days"


HEADERS = {"headers": {"Authorization": f"Bearer {GATEWAY_KEY}"}}


class LangChain(SurfaceCase):
    def models(self) -> dict:
        """A maker for each class of LangChain, by the surface it asks."""
        url = self.martlet.url
        return {
            "chat": lambda name: ChatOpenAI(
                model=name, base_url=f"{url}/v1", api_key=GATEWAY_KEY, max_retries=0, use_responses_api=False
            ),
            "responses": lambda name: ChatOpenAI(
                model=name, base_url=f"{url}/v1", api_key=GATEWAY_KEY, max_retries=0, use_responses_api=True
            ),
            "messages": lambda name: ChatAnthropic(
                model=name, base_url=url, api_key=GATEWAY_KEY, max_retries=0, max_tokens=1000
            ),
            "ollama": lambda name: ChatOllama(
                model=name, base_url=url, client_kwargs=HEADERS
            ),
        }

    def each(self, run) -> None:
        for (surface, make), side in itertools.product(self.models().items(), ALL_SIDES):
            with self.subTest(surface=surface, upstream=side):
                self.forget()
                run(make(f"{side}/echo"), side)

    def test_an_answer_arrives_whole_and_in_pieces(self) -> None:
        def run(model, side: str) -> None:
            messages = [SystemMessage("Be brief."), HumanMessage("one two")]
            answer = model.invoke(messages)
            self.assertEqual(answer.text, "You said: one two")
            self.assertEqual(self.system_text(side, self.upstream(side).received[0]), "Be brief.")
            read, written = self.usage(side, self.upstream(side).received[0])
            counted = answer.usage_metadata
            self.assertEqual((counted["input_tokens"], counted["output_tokens"]), (read, written))
            pieces = [chunk.text for chunk in model.stream(messages)]
            self.assertEqual("".join(pieces), "You said: one two")
            self.assertGreater(len([piece for piece in pieces if piece]), 2)

        self.each(run)

    def test_tools_take_two_turns(self) -> None:
        def run(model, side: str) -> None:
            bound = model.bind_tools([get_weather])
            for streamed in (False, True):
                messages: list = [HumanMessage("what is the weather")]
                if streamed:
                    chunks = list(bound.stream(messages))
                    first = sum(chunks[1:], chunks[0])
                else:
                    first = bound.invoke(messages)
                [call] = first.tool_calls
                self.assertEqual((call["name"], call["args"]), ("get_weather", WEATHER_ARGUMENTS))
                messages += [first, ToolMessage(get_weather.invoke(call["args"]), tool_call_id=call["id"])]
                # Its class for Ollama names no tool in a result, and Ollama's own requests pass as they are.
                name = "None" if isinstance(model, ChatOllama) and side == "ollama" else "get_weather"
                self.assertEqual(bound.invoke(messages).text, self.tool_said(side, (name, "sunny for 7 days")))

        self.each(run)

    def test_structured_output_is_parsed(self) -> None:
        def run(model, side: str) -> None:
            self.assertEqual(model.with_structured_output(Plan).invoke("plan it"), Plan(title="plain words", count=7))

        self.each(run)

    def test_a_tool_is_required(self) -> None:
        for surface in ("chat", "responses", "messages"):
            with self.subTest(surface=surface):
                model = self.models()[surface]("claude/echo")
                answer = model.bind_tools([get_weather], tool_choice="any").invoke("hello")
                self.assertEqual([call["name"] for call in answer.tool_calls], ["get_weather"])

    def test_requests_run_side_by_side(self) -> None:
        async def ask_all() -> None:
            # One loop for all of them: some of its classes share a connection between models.
            for (surface, make), side in itertools.product(self.models().items(), ALL_SIDES):
                with self.subTest(surface=surface, upstream=side):
                    answers = await make(f"{side}/echo").abatch([f"request {n}" for n in range(4)])
                    self.assertEqual([answer.text for answer in answers], [f"You said: request {n}" for n in range(4)])

        asyncio.run(ask_all())


class Embeddings(EmbeddingCase):
    def test_texts_become_vectors_in_their_order(self) -> None:
        url = self.martlet.url
        for form in FORMS:
            name = f"{form}/words"
            # Its check of lengths needs a list of tokens from the internet; without it texts are sent as they are.
            openai = OpenAIEmbeddings(
                model=name, base_url=f"{url}/v1", api_key=GATEWAY_KEY, check_embedding_ctx_length=False
            )
            ollama = OllamaEmbeddings(model=name, base_url=url, client_kwargs=HEADERS)
            for made in (openai, ollama):
                with self.subTest(form=form, by=type(made).__name__):
                    vectors = made.embed_documents(["one two", "three"])
                    self.assertEqual(vectors, [vector_of("one two"), vector_of("three")])
                    self.assertEqual(made.embed_query("one"), vector_of("one"))
