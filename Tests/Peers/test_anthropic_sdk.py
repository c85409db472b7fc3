"""The official `anthropic` SDK against Martlet, in front of upstreams of every dialect.

Run under each major version of the SDK that is in use (see scripts/peers.sh): those before 2.0 send
`anthropic-version: 2023-06-01` and `x-api-key`, those since send `2026-10-21` and a Bearer token, and thread their
tool runners.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import tempfile
import time
from pathlib import Path

from anthropic import AsyncAnthropic
from anthropic_answers import EXPLANATION
from anthropic_rules import REDACTED, signature_of
from harness import GATEWAY_KEY
from headless.messages import AgentMessages
from headless.task import DONE, Task
from messages_case import CLOCK, MAJOR, PLAN, THINKING, WEATHER, MessagesCase, Plan, user
from scripted_ollama import THOUGHT
from surface_case import CLOCK_ARGUMENTS, PNG, SIDES, WEATHER_ARGUMENTS, account, model, tool_said

try:
    from anthropic import beta_tool
except ImportError:
    from anthropic.tools import beta_tool


class Text(MessagesCase):
    def test_a_message_arrives_whole(self) -> None:
        for side in SIDES:
            with self.subTest(upstream=side):
                self.forget()
                message = self.ask(f"{side}/echo")
                self.assertEqual(self.text(message), "You said: one two three")
                self.assertEqual((message.type, message.role), ("message", "assistant"))
                self.assertEqual((message.stop_reason, message.stop_sequence), ("end_turn", None))
                self.assertEqual([block.type for block in message.content], ["text"])
                self.assert_counted(side, message, self.upstream(side).only_request())

    def test_two_translated_messages_have_ids_of_their_own(self) -> None:
        for side in ("chat", "ollama"):
            with self.subTest(upstream=side):
                ids = [self.ask(f"{side}/echo").id, self.streamed(f"{side}/echo").id]
                self.assertEqual(len(set(ids)), 2)
                self.assertEqual([id for id in ids if not id.startswith("msg_")], [])

    def test_a_stream_has_every_event_in_its_order(self) -> None:
        expected = [
            "message_start",
            "content_block_start",
            "content_block_delta",
            "content_block_stop",
            "message_delta",
            "message_stop",
        ]
        for side in SIDES:
            with self.subTest(upstream=side):
                self.forget()
                events = [event for event in self.ask(f"{side}/echo", stream=True) if event.type != "ping"]
                kinds = [kind for kind, _ in itertools.groupby(event.type for event in events)]
                self.assertEqual(kinds, expected)
                deltas = [event.delta.text for event in events if event.type == "content_block_delta"]
                self.assertGreater(len(deltas), 2, "a delta a word")
                self.assertEqual("".join(deltas), "You said: one two three")
                self.assertEqual(events[-2].delta.stop_reason, "end_turn")
                _, written = self.usage(side, self.upstream(side).only_request())
                self.assertEqual(events[-2].usage.output_tokens, written)

    def test_the_event_line_repeats_the_type_and_nothing_follows_the_end(self) -> None:
        for side in SIDES:
            with self.subTest(upstream=side):
                body = {"model": f"{side}/echo", "max_tokens": 99, "messages": user("hi"), "stream": True}
                headers = {"anthropic-version": "2023-06-01"}
                answer = self.martlet.request("POST", "/v1/messages?beta=true", body, headers=headers)
                lines = [line for line in answer.body.decode().splitlines() if line.startswith("event:")]
                types = [json.loads(data)["type"] for data in answer.events]
                self.assertEqual([line.removeprefix("event:").strip() for line in lines], types)
                self.assertEqual(types[-1], "message_stop")

    def test_the_stream_helper_builds_the_whole_message(self) -> None:
        names = [f"{side}/echo" for side in SIDES] + ["claude/pings", "claude/cached", "claude/refusal"]
        for name in names:
            with self.subTest(model=name):
                built, whole = self.streamed(name), self.ask(name)
                self.assertEqual(built.to_dict()["content"], whole.to_dict()["content"])
                self.assertEqual(built.stop_reason, whole.stop_reason)
                self.assertEqual(built.usage.output_tokens, whole.usage.output_tokens)
                self.assertEqual(built.usage.cache_read_input_tokens, whole.usage.cache_read_input_tokens)

    def test_the_text_stream_gives_words(self) -> None:
        for side in SIDES:
            with self.subTest(upstream=side), self.client.messages.stream(
                model=f"{side}/echo", max_tokens=99, messages=user("one two")
            ) as stream:
                self.assertEqual("".join(stream.text_stream), "You said: one two")

    def test_the_system_and_its_marks_reach_the_model(self) -> None:
        marked = [
            {"type": "text", "text": "Be brief."},
            {"type": "text", "text": "Be kind.", "cache_control": {"type": "ephemeral"}},
        ]
        for side, system in itertools.product(SIDES, ("Be brief.\nBe kind.", marked)):
            with self.subTest(upstream=side, system=system):
                self.forget()
                self.assertEqual(self.text(self.ask(f"{side}/echo", system=system)), "You said: one two three")
                received = self.upstream(side).only_request()
                self.assertEqual(self.system_text(side, received).replace("\n\n", "\n"), "Be brief.\nBe kind.")
                if side == "claude":
                    self.assertEqual(received.json["system"], system)

    def test_a_system_message_in_mid_conversation_reaches_the_model(self) -> None:
        messages = [*user("one two"), {"role": "system", "content": "Today is a holiday."}]
        for side in SIDES:
            with self.subTest(upstream=side):
                self.forget()
                raw = self.martlet.request(
                    "POST",
                    "/v1/messages",
                    {"model": f"{side}/echo", "max_tokens": 99, "messages": messages},
                    headers={"anthropic-version": "2023-06-01"},
                )
                self.assertEqual(raw.status, 200, raw)
                roles = [message["role"] for message in self.upstream(side).only_request().json["messages"]]
                self.assertEqual(roles, ["user", "system"])

    def test_an_image_reaches_the_model(self) -> None:
        source = {"type": "base64", "media_type": "image/png", "data": PNG}
        content = [{"type": "image", "source": source}, {"type": "text", "text": "what is it"}]
        for side in SIDES:
            with self.subTest(upstream=side):
                self.forget()
                message = self.ask(f"{side}/echo", [{"role": "user", "content": content}])
                # The scripted models put nothing where the image stands, and spaces around it.
                self.assertEqual(self.text(message).split(), "You said: what is it".split())
                self.assertIn(PNG, self.upstream(side).only_request().body.decode())

    def test_a_limit_of_tokens_and_a_stop_are_told(self) -> None:
        for side in ("claude", "ollama"):
            with self.subTest(upstream=side):
                message = self.ask(f"{side}/echo", max_tokens=3)
                self.assertEqual((self.text(message).strip(), message.stop_reason), ("You said: one", "max_tokens"))
                message = self.ask(f"{side}/echo", stop_sequences=["two"])
                self.assertEqual(self.text(message).strip(), "You said: one")
        self.assertEqual((message := self.ask("claude/echo", stop_sequences=["two"])).stop_reason, "stop_sequence")
        self.assertEqual(message.stop_sequence, "two")

    def test_reasons_to_stop_are_kept_from_an_upstream_of_the_same_dialect(self) -> None:
        for name, reason in (("window", "model_context_window_exceeded"), ("pause", "pause_turn")):
            self.assertEqual(self.ask(f"claude/{name}").stop_reason, reason)
        message = self.ask("claude/refusal")
        self.assertEqual((message.stop_reason, message.stop_details.explanation), ("refusal", EXPLANATION))

    def test_the_async_client_runs_requests_side_by_side(self) -> None:
        async def ask(client: AsyncAnthropic, number: int) -> tuple[str, str]:
            name, messages = f"{SIDES[number % 3]}/echo", user(f"request {number}")
            whole = await client.messages.create(model=name, max_tokens=99, messages=messages)
            async with client.messages.stream(model=name, max_tokens=99, messages=messages) as stream:
                return self.text(whole), await stream.get_final_text()

        async def ask_all() -> list[tuple[str, str]]:
            async with AsyncAnthropic(base_url=self.martlet.url, api_key=GATEWAY_KEY, timeout=20) as client:
                return await asyncio.gather(*(ask(client, number) for number in range(12)))

        self.assertEqual(asyncio.run(ask_all()), [(f"You said: request {number}",) * 2 for number in range(12)])

    def test_either_mount_and_either_header_of_the_key_answer(self) -> None:
        for mount, name in itertools.product(("", "/anthropic"), ("api_key", "auth_token")):
            keys = {"api_key": None, "auth_token": None, name: GATEWAY_KEY}
            with self.subTest(mount=mount, key=name), self.new_client(mount, **keys) as client:
                message = client.messages.create(model="chat/echo", max_tokens=99, messages=user("hello"))
                self.assertEqual(self.text(message), "You said: hello")

    def test_closing_a_stream_ends_the_upstream_call(self) -> None:
        for side in SIDES:
            with self.subTest(upstream=side):
                self.forget()
                stream = self.ask(f"{side}/endless", stream=True)
                seen = 0
                while seen < 3:
                    seen += next(stream).type == "content_block_delta"
                closed = time.monotonic()
                stream.close()
                self.assert_reader_left(self.upstream(side).only_request(), closed)


class Tools(MessagesCase):
    def test_tools_take_two_turns(self) -> None:
        for side, ask in itertools.product(SIDES, (self.ask, self.streamed)):
            with self.subTest(upstream=side, ask=ask.__name__):
                messages = user("what is the weather")
                first = ask(f"{side}/echo", messages, tools=[WEATHER])
                self.assertEqual((first.stop_reason, [b.type for b in first.content]), ("tool_use", ["tool_use"]))
                [call] = self.calls(first)
                self.assertEqual((call.name, call.input), ("get_weather", WEATHER_ARGUMENTS))
                result = {"type": "tool_result", "tool_use_id": call.id, "content": "sunny, 21 °C"}
                messages += [{"role": "assistant", "content": first.content}, {"role": "user", "content": [result]}]
                second = ask(f"{side}/echo", messages, tools=[WEATHER])
                said = tool_said(side, ("get_weather", "sunny, 21 °C"))
                self.assertEqual((self.text(second), second.stop_reason), (said, "end_turn"))

    def test_parallel_calls_and_results_in_another_order(self) -> None:
        for side, ask in itertools.product(("claude", "ollama"), (self.ask, self.streamed)):
            with self.subTest(upstream=side, ask=ask.__name__):
                messages = user("weather and time")
                first = ask(f"{side}/parallel", messages, tools=[WEATHER, CLOCK])
                calls = self.calls(first)
                self.assertEqual([call.name for call in calls], ["get_weather", "get_time"])
                self.assertEqual([call.input for call in calls], [WEATHER_ARGUMENTS, CLOCK_ARGUMENTS])
                results = [
                    {"type": "tool_result", "tool_use_id": calls[1].id, "content": "noon"},
                    {"type": "tool_result", "tool_use_id": calls[0].id, "content": [{"type": "text", "text": "sunny"}]},
                ]
                messages += [{"role": "assistant", "content": first.content}, {"role": "user", "content": results}]
                said = self.text(ask(f"{side}/parallel", messages, tools=[WEATHER, CLOCK]))
                both = (("get_weather", "sunny"), ("get_time", "noon"))
                # The same dialect's bytes pass as they are; a translation puts results into the order of the calls.
                order = reversed(both) if side == "claude" else both
                self.assertEqual(said, tool_said(side, *order))

    def test_forced_and_forbidden_tools(self) -> None:
        tools = [WEATHER, CLOCK]
        one = self.ask("claude/echo", tools=tools, tool_choice={"type": "tool", "name": "get_time"})
        self.assertEqual([call.name for call in self.calls(one)], ["get_time"])
        for side in SIDES:
            with self.subTest(upstream=side):
                self.forget()
                self.ask(f"{side}/echo", tools=tools, tool_choice={"type": "any"})
                if side == "chat":
                    self.assertEqual(self.chat.only_request().json["tool_choice"], "required")
                none = self.ask(f"{side}/echo", tools=tools, tool_choice={"type": "none"})
                self.assertEqual(self.text(none), "You said: one two three")

    def test_a_call_without_input_is_an_empty_object(self) -> None:
        for ask in (self.ask, self.streamed):
            with self.subTest(ask=ask.__name__):
                [call] = self.calls(ask("claude/bare-call", tools=[WEATHER]))
                self.assertEqual(call.input, {})

    def test_a_failed_tool_is_told_to_have_failed(self) -> None:
        call = {"type": "tool_use", "id": "toolu_1", "name": "get_weather", "input": {"city": "Oslo", "days": 1}}
        result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "no such city", "is_error": True}
        messages = [
            *user("weather"),
            {"role": "assistant", "content": [call]},
            {"role": "user", "content": [result]},
        ]
        for side in SIDES:
            with self.subTest(upstream=side):
                said = self.text(self.ask(f"{side}/echo", messages, tools=[WEATHER]))
                self.assertIn("no such city", said)


class Structure(MessagesCase):
    def test_structured_output_is_parsed(self) -> None:
        for side in SIDES:
            with self.subTest(upstream=side):
                parsed = self.client.messages.parse(
                    model=f"{side}/echo", max_tokens=4096, messages=user("three steps"), output_format=Plan
                )
                self.assertEqual(parsed.parsed_output, PLAN)


class Thinking(MessagesCase):
    def test_thinking_and_its_seal_survive_a_turn_of_tools(self) -> None:
        for ask in (self.ask, self.streamed):
            with self.subTest(ask=ask.__name__):
                messages = user("what is the weather")
                first = ask("claude/echo", messages, tools=[WEATHER], thinking=THINKING)
                self.assertEqual([block.type for block in first.content], ["thinking", "tool_use"])
                self.assertEqual(first.content[0].signature, signature_of(first.content[0].thinking))
                result = {"type": "tool_result", "tool_use_id": first.content[1].id, "content": "sunny"}
                messages += [{"role": "assistant", "content": first.content}, {"role": "user", "content": [result]}]
                second = ask("claude/echo", messages, tools=[WEATHER], thinking=THINKING)
                self.assertEqual(self.text(second), "The tools said: sunny")

    def test_thinking_that_cannot_be_read_is_kept(self) -> None:
        first = self.streamed("claude/redacted")
        self.assertEqual((first.content[0].type, first.content[0].data), ("redacted_thinking", REDACTED))
        self.assertEqual(self.streamed("claude/omitted").content[0].signature, signature_of(""))

    def test_thinking_of_another_dialect_is_a_block(self) -> None:
        for ask in (self.ask, self.streamed):
            with self.subTest(ask=ask.__name__):
                message = ask("ollama/thinker", thinking=THINKING)
                self.assertEqual([block.type for block in message.content], ["thinking", "text"])
                self.assertEqual(message.content[0].thinking, THOUGHT)
                self.assertEqual(self.text(message), "You said: one two three")

    def test_thinking_may_go_back_to_a_model_of_another_dialect(self) -> None:
        first = self.ask("claude/echo", "one", thinking=THINKING)
        messages = [*user("one"), {"role": "assistant", "content": first.content}, *user("two")]
        for side in ("chat", "ollama"):
            with self.subTest(upstream=side):
                self.assertEqual(self.text(self.ask(f"{side}/echo", messages)), "You said: two")


class ToolRunners(MessagesCase):
    """The SDK's own loop over tools; since 2.0 it threads its turns unless it is told that it cannot."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.agent = cls.enterClassContext(AgentMessages())
        super().setUpClass()

    @classmethod
    def more_configuration(cls) -> list[str]:
        return [account("agent", "anthropic", cls.agent.base_url), model("agent", {"agent": "agent"})]

    def setUp(self) -> None:
        super().setUp()
        self.agent.forget()

    def run_tools(self, name: str, prompt: str, tools: list, stream: bool):
        runner = self.client.beta.messages.tool_runner(
            model=name, max_tokens=4096, messages=user(prompt), tools=tools, stream=stream
        )
        last = None
        for turn in runner:
            last = turn.get_final_message() if stream else turn
        return last

    def test_a_runner_works_with_a_model_of_any_dialect(self) -> None:
        asked: list[tuple[str, int]] = []

        @beta_tool
        def get_weather(city: str, days: int) -> str:
            """Tells the weather.

            Args:
                city: where
                days: how many days ahead
            """
            asked.append((city, days))
            return "sunny"

        for side, stream in itertools.product(("chat", "ollama"), (False, True)):
            with self.subTest(upstream=side, stream=stream):
                asked.clear()
                self.forget()
                last = self.run_tools(f"{side}/echo", "what is the weather", [get_weather], stream)
                self.assertEqual(self.text(last), tool_said(side, ("get_weather", "sunny")))
                self.assertEqual(asked, [("plain words", 7)])
                self.assertEqual(len(self.upstream(side).received), 2, "no turn is lost, none is asked twice")
                for received in self.upstream(side).received:
                    self.assertNotIn("thread", received.json)

    def test_a_runner_threads_its_turns_with_its_own_upstream(self) -> None:
        for stream in (False, True):
            with self.subTest(stream=stream), tempfile.TemporaryDirectory() as folder:
                self.agent.forget()
                task = Task(Path(folder))

                @beta_tool
                def Read(file_path: str) -> str:
                    """Reads a file.

                    Args:
                        file_path: which
                    """
                    return Path(file_path).read_text()

                @beta_tool
                def Edit(file_path: str, old_string: str, new_string: str) -> str:
                    """Edits a file.

                    Args:
                        file_path: which
                        old_string: what goes
                        new_string: what comes
                    """
                    text = Path(file_path).read_text()
                    Path(file_path).write_text(text.replace(old_string, new_string))
                    return "changed"

                last = self.run_tools("agent", task.prompt, [Read, Edit], stream)
                self.assertEqual(self.text(last), DONE)
                self.assertTrue(task.is_done)
                threads = [(received.json.get("thread") or {}).get("type") for received in self.agent.asked]
                self.assertEqual(threads, [None] * 3 if MAJOR < 2 else ["create", "continue", "continue"])
