"""The official `openai` SDK's Responses against Martlet, in front of upstreams of every dialect.

Run under each major version of the SDK that is in use (see scripts/peers.sh).
"""

from __future__ import annotations

import asyncio
import itertools
import json
import time

from harness import GATEWAY_KEY
from openai import AsyncOpenAI
from responses_case import CLOCK, PLAN, WEATHER, Plan, ResponsesCase
from surface_case import CLOCK_ARGUMENTS, PNG, SIDES, WEATHER_ARGUMENTS, WEATHER_SCHEMA, tool_said


class Text(ResponsesCase):
    def test_an_answer_arrives_whole(self) -> None:
        for side in SIDES:
            with self.subTest(upstream=side):
                self.forget()
                response = self.ask(f"{side}/echo")
                self.assertEqual(response.output_text, "You said: one two three")
                self.assertEqual((response.object, response.status, response.error), ("response", "completed", None))
                self.assertTrue(response.id.startswith("resp_"), response.id)
                [message] = response.output
                self.assertEqual((message.type, message.role, message.status), ("message", "assistant", "completed"))
                self.assertTrue(message.id.startswith("msg_"), message.id)
                read, written = self.usage(side, self.upstream(side).only_request())
                usage = response.usage
                self.assertEqual((usage.input_tokens, usage.output_tokens), (read, written))
                self.assertEqual(usage.total_tokens, read + written)
                self.assertIsNotNone(usage.input_tokens_details.cached_tokens)
                self.assertIsNotNone(usage.output_tokens_details.reasoning_tokens)

    def test_two_answers_have_ids_of_their_own(self) -> None:
        first, second = self.ask("chat/echo"), self.ask("chat/echo")
        self.assertNotEqual(first.id, second.id)
        self.assertNotEqual(first.output[0].id, second.output[0].id)

    def test_a_stream_has_every_event_in_its_order(self) -> None:
        expected = [
            "response.created",
            "response.in_progress",
            "response.output_item.added",
            "response.content_part.added",
            "response.output_text.delta",
            "response.output_text.done",
            "response.content_part.done",
            "response.output_item.done",
            "response.completed",
        ]
        for side in SIDES:
            with self.subTest(upstream=side):
                self.forget()
                events = list(self.ask(f"{side}/echo", stream=True))
                self.assertEqual(self.kinds(events), expected)
                self.assert_numbered(events)
                deltas = [event.delta for event in events if event.type == "response.output_text.delta"]
                self.assertGreater(len(deltas), 2, "a delta a word")
                self.assertEqual("".join(deltas), "You said: one two three")
                final = events[-1].response
                self.assertEqual((final.status, final.output_text), ("completed", "You said: one two three"))
                self.assertEqual(events[0].response.status, "in_progress")
                self.assertEqual(events[0].response.id, final.id)
                self.assertEqual({e.item_id for e in events if hasattr(e, "item_id")}, {final.output[0].id})
                read, written = self.usage(side, self.upstream(side).only_request())
                self.assertEqual((final.usage.input_tokens, final.usage.output_tokens), (read, written))

    def test_the_event_line_repeats_the_type_and_nothing_follows_the_end(self) -> None:
        body = {"model": "claude/echo", "input": "hi", "stream": True}
        answer = self.martlet.request("POST", "/v1/responses", body)
        self.assertEqual(answer.headers["content-type"].split(";")[0], "text/event-stream")
        lines = [line for line in answer.body.decode().splitlines() if line.startswith("event:")]
        types = [json.loads(data)["type"] for data in answer.events]
        self.assertEqual([line.removeprefix("event:").strip() for line in lines], types)
        self.assertEqual(types[-1], "response.completed")

    def test_the_stream_helper_builds_the_whole_response(self) -> None:
        for side in SIDES:
            with self.subTest(upstream=side), self.client.responses.stream(
                model=f"{side}/echo", input="one two"
            ) as stream:
                text = "".join(event.delta for event in stream if event.type == "response.output_text.delta")
                final = stream.get_final_response()
                self.assertEqual((text, final.output_text), ("You said: one two",) * 2)

    def test_instructions_and_developer_messages_reach_the_system(self) -> None:
        items = [
            {"role": "developer", "content": [{"type": "input_text", "text": "Answer in verse."}]},
            {"role": "user", "content": [{"type": "input_text", "text": "one two"}]},
        ]
        for side in SIDES:
            with self.subTest(upstream=side):
                self.forget()
                response = self.ask(f"{side}/echo", items, instructions="Be brief.")
                self.assertEqual(response.output_text, "You said: one two")
                self.assertEqual(response.instructions, "Be brief.")
                told = self.system_text(side, self.upstream(side).only_request())
                self.assertEqual(told.split("\n"), ["Be brief.", "Answer in verse."])

    def test_an_answer_goes_back_as_it_came(self) -> None:
        for side in SIDES:
            with self.subTest(upstream=side):
                first = self.ask(f"{side}/echo", "one")
                history = [{"role": "user", "content": "one"}, *first.output, {"role": "user", "content": "two"}]
                self.forget()
                self.assertEqual(self.ask(f"{side}/echo", history).output_text, "You said: two")
                messages = self.upstream(side).only_request().json["messages"]
                self.assertEqual([message["role"] for message in messages], ["user", "assistant", "user"])
                self.assertIn("You said: one", json.dumps(messages[1]))

    def test_an_image_reaches_the_model(self) -> None:
        picture = {"type": "input_image", "image_url": f"data:image/png;base64,{PNG}", "detail": "auto"}
        items = [{"role": "user", "content": [{"type": "input_text", "text": "what is it"}, picture]}]
        for side in SIDES:
            with self.subTest(upstream=side):
                self.forget()
                self.assertEqual(self.ask(f"{side}/echo", items).output_text, "You said: what is it")
                self.assertIn(PNG, self.upstream(side).only_request().body.decode())

    def test_a_limit_of_tokens_ends_incomplete(self) -> None:
        for side in ("claude", "ollama"):
            with self.subTest(upstream=side):
                response = self.ask(f"{side}/echo", max_output_tokens=3)
                self.assertEqual((response.status, response.output_text.strip()), ("incomplete", "You said: one"))
                self.assertEqual(response.incomplete_details.reason, "max_output_tokens")
                events = list(self.ask(f"{side}/echo", max_output_tokens=3, stream=True))
                self.assertEqual(events[-1].type, "response.incomplete")
                self.assertEqual(events[-1].response.incomplete_details.reason, "max_output_tokens")

    def test_the_async_client_runs_requests_side_by_side(self) -> None:
        async def ask(client: AsyncOpenAI, number: int) -> tuple[str, str]:
            name, text = f"{SIDES[number % 3]}/echo", f"request {number}"
            whole = await client.responses.create(model=name, input=text)
            async with client.responses.stream(model=name, input=text) as stream:
                return whole.output_text, (await stream.get_final_response()).output_text

        async def ask_all() -> list[tuple[str, str]]:
            url = f"{self.martlet.url}/v1"
            async with AsyncOpenAI(base_url=url, api_key=GATEWAY_KEY, timeout=20) as client:
                return await asyncio.gather(*(ask(client, number) for number in range(12)))

        self.assertEqual(asyncio.run(ask_all()), [(f"You said: request {number}",) * 2 for number in range(12)])

    def test_every_mount_answers(self) -> None:
        for mount in ("/v1", "/ai/v1", "/openai/v1"):
            with self.subTest(mount=mount), self.new_client(mount) as client:
                response = client.responses.create(model="claude/echo", input="hello")
                self.assertEqual(response.output_text, "You said: hello")

    def test_messages_stand_in_for_input_and_gateway_members_stay_here(self) -> None:
        body = {
            "model": "chat/echo",
            "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "one two"}],
            "route": "auto",
            "fallbacks": [{"model": "claude/echo"}],
            "metadata": {"app": "support-dashboard"},
            "stream": True,
        }
        answer = self.martlet.request("POST", "/v1/responses", body)
        self.assertEqual(answer.status, 200, answer)
        final = json.loads(answer.events[-1])["response"]
        self.assertEqual(final["output"][0]["content"][0]["text"], "You said: one two")
        self.assertEqual({"route", "fallbacks"} & self.chat.only_request().json.keys(), set())

    def test_closing_a_stream_ends_the_upstream_call(self) -> None:
        for side in SIDES:
            with self.subTest(upstream=side):
                self.forget()
                stream = self.ask(f"{side}/endless", stream=True)
                seen = 0
                while seen < 3:
                    seen += next(stream).type == "response.output_text.delta"
                closed = time.monotonic()
                stream.close()
                self.assert_reader_left(self.upstream(side).only_request(), closed)


class Tools(ResponsesCase):
    def test_tools_take_two_turns(self) -> None:
        for side, stream in itertools.product(SIDES, (False, True)):
            with self.subTest(upstream=side, stream=stream):
                history: list = [{"role": "user", "content": "what is the weather"}]
                first = self.turn(f"{side}/echo", history, stream)
                [call] = self.calls(first)
                self.assertEqual((call.name, json.loads(call.arguments)), ("get_weather", WEATHER_ARGUMENTS))
                self.assertEqual(call.status, "completed")
                self.assertTrue(call.call_id)
                history += first.output
                history.append({"type": "function_call_output", "call_id": call.call_id, "output": "sunny, 21 °C"})
                second = self.turn(f"{side}/echo", history, stream)
                self.assertEqual(second.output_text, tool_said(side, ("get_weather", "sunny, 21 °C")))

    def turn(self, name: str, history: list, stream: bool):
        if not stream:
            return self.ask(name, history, tools=[WEATHER])
        with self.client.responses.stream(model=name, input=history, tools=[WEATHER]) as events:
            return events.get_final_response()

    def test_a_streamed_call_has_every_event_in_its_order(self) -> None:
        expected = [
            "response.created",
            "response.in_progress",
            "response.output_item.added",
            "response.function_call_arguments.delta",
            "response.function_call_arguments.done",
            "response.output_item.done",
            "response.completed",
        ]
        for side in SIDES:
            with self.subTest(upstream=side):
                events = list(self.ask(f"{side}/echo", tools=[WEATHER], stream=True))
                self.assertEqual(self.kinds(events), expected)
                self.assert_numbered(events)
                parts = [e.delta for e in events if e.type == "response.function_call_arguments.delta"]
                self.assertEqual(json.loads("".join(parts)), WEATHER_ARGUMENTS)
                [done] = [e for e in events if e.type == "response.function_call_arguments.done"]
                self.assertEqual(json.loads(done.arguments), WEATHER_ARGUMENTS)

    def test_parallel_calls_keep_ids_and_order(self) -> None:
        for side, stream in itertools.product(("claude", "ollama"), (False, True)):
            with self.subTest(upstream=side, stream=stream):
                history: list = [{"role": "user", "content": "weather and time"}]
                name, tools = f"{side}/parallel", [WEATHER, CLOCK]
                if stream:
                    with self.client.responses.stream(model=name, input=history, tools=tools) as events:
                        first = events.get_final_response()
                else:
                    first = self.ask(name, history, tools=tools)
                calls = self.calls(first)
                self.assertEqual([call.name for call in calls], ["get_weather", "get_time"])
                arguments = [json.loads(call.arguments) for call in calls]
                self.assertEqual(arguments, [WEATHER_ARGUMENTS, CLOCK_ARGUMENTS])
                history += first.output
                for call, result in zip(reversed(calls), ("noon", "sunny"), strict=True):
                    history.append({"type": "function_call_output", "call_id": call.call_id, "output": result})
                second = self.ask(name, history, tools=tools)
                self.assertEqual(second.output_text, tool_said(side, ("get_weather", "sunny"), ("get_time", "noon")))

    def test_a_forced_tool_is_called(self) -> None:
        choice = {"type": "function", "name": "get_time"}
        response = self.ask("claude/echo", tools=[WEATHER, CLOCK], tool_choice=choice)
        self.assertEqual([call.name for call in self.calls(response)], ["get_time"])
        response = self.ask("claude/echo", tools=[WEATHER, CLOCK], tool_choice="none")
        self.assertEqual(response.output_text, "You said: one two three")

    def test_tools_of_a_namespace_come_back_under_it(self) -> None:
        space = {"type": "namespace", "name": "home", "description": "The house", "tools": [WEATHER]}
        for side in SIDES:
            with self.subTest(upstream=side):
                body = {"model": f"{side}/echo", "input": "weather", "tools": [space]}
                answer = self.martlet.request("POST", "/v1/responses", body)
                self.assertEqual(answer.status, 200, answer)
                [call] = [item for item in answer.json["output"] if item["type"] == "function_call"]
                self.assertEqual((call["name"], call["namespace"]), ("get_weather", "home"))

    def test_a_tool_that_takes_free_text_is_given_free_text(self) -> None:
        patch = {"type": "custom", "name": "apply_patch", "description": "Takes a patch"}
        for side in ("claude", "ollama"):
            with self.subTest(upstream=side):
                history: list = [{"role": "user", "content": "patch it"}]
                response = self.ask(f"{side}/echo", history, tools=[patch])
                [call] = [item for item in response.output if item.type == "custom_tool_call"]
                self.assertEqual((call.name, call.input), ("apply_patch", "plain words"))
                history += response.output
                history.append({"type": "custom_tool_call_output", "call_id": call.call_id, "output": "patched"})
                second = self.ask(f"{side}/echo", history, tools=[patch])
                self.assertEqual(second.output_text, tool_said(side, ("apply_patch", "patched")))

    def test_a_hosted_tool_is_dropped_by_name_and_fails_nothing(self) -> None:
        for side in SIDES:
            with self.subTest(upstream=side):
                raw = self.client.responses.with_raw_response.create(
                    model=f"{side}/echo", input="weather", tools=[{"type": "web_search"}, WEATHER]
                )
                self.assertEqual([call.name for call in self.calls(raw.parse())], ["get_weather"])
                self.assertIn("tools", raw.headers["x-gateway-dropped"])

    def test_a_body_of_responses_at_chat_is_answered_with_chunks(self) -> None:
        flat = [{"type": "function", "name": "get_weather", "parameters": WEATHER_SCHEMA}]
        bodies = {
            "input": {"input": [{"role": "user", "content": "weather"}], "tools": flat},
            "flat tools": {"messages": [{"role": "user", "content": "weather"}], "tools": flat},
        }
        for what, body in bodies.items():
            for side in SIDES:
                with self.subTest(what, upstream=side):
                    body |= {"model": f"{side}/echo", "stream": True}
                    answer = self.martlet.request("POST", "/v1/chat/completions", body)
                    self.assertEqual((answer.status, answer.events[-1]), (200, "[DONE]"), answer)
                    chunks = [json.loads(event) for event in answer.events[:-1]]
                    deltas = [chunk["choices"][0]["delta"] for chunk in chunks if chunk["choices"]]
                    calls = [call for delta in deltas for call in delta.get("tool_calls") or []]
                    self.assertEqual(calls[0]["function"]["name"], "get_weather")
                    arguments = "".join(call["function"].get("arguments") or "" for call in calls)
                    self.assertEqual(json.loads(arguments), WEATHER_ARGUMENTS)


class Structure(ResponsesCase):
    def test_structured_output_is_parsed(self) -> None:
        for side in SIDES:
            with self.subTest(upstream=side):
                response = self.client.responses.parse(
                    model=f"{side}/echo", input="three steps, please", text_format=Plan
                )
                self.assertEqual(response.output_parsed, PLAN)
                with self.client.responses.stream(
                    model=f"{side}/echo", input="three steps, please", text_format=Plan
                ) as stream:
                    self.assertEqual(stream.get_final_response().output_parsed, PLAN)


class Reasoning(ResponsesCase):
    def test_thinking_arrives_as_an_item_before_the_answer(self) -> None:
        for name in ("claude/echo", "ollama/thinker"):
            with self.subTest(model=name):
                response = self.ask(name, "hello", reasoning={"effort": "low", "summary": "auto"})
                self.assertEqual([item.type for item in response.output], ["reasoning", "message"])
                thought, _ = response.output
                parts = [part.text for part in [*thought.summary, *(thought.content or [])]]
                self.assertIn(parts[0], ("I think about: hello", "let me see"))
                self.assertEqual(response.output_text, "You said: hello")

    def test_streamed_thinking_has_its_events(self) -> None:
        for name in ("claude/echo", "ollama/thinker"):
            with self.subTest(model=name):
                events = list(self.ask(name, "hello", reasoning={"effort": "low", "summary": "auto"}, stream=True))
                self.assert_numbered(events)
                kinds = self.kinds(events)
                self.assertTrue(any(kind.startswith("response.reasoning") for kind in kinds), kinds)
                items = [event.item.type for event in events if event.type == "response.output_item.done"]
                self.assertEqual(items, ["reasoning", "message"])

    def test_sealed_thinking_survives_a_turn_of_tools(self) -> None:
        history: list = [{"role": "user", "content": "weather"}]
        more = {"reasoning": {"effort": "low"}, "tools": [WEATHER], "include": ["reasoning.encrypted_content"]}
        first = self.ask("claude/echo", history, store=False, **more)
        self.assertEqual([item.type for item in first.output], ["reasoning", "function_call"])
        result = {"type": "function_call_output", "call_id": self.calls(first)[0].call_id, "output": "sunny"}
        history += [item.model_dump(exclude_none=True) for item in first.output] + [result]
        self.forget()
        second = self.ask("claude/echo", history, store=False, **more)
        self.assertEqual(second.output_text, "The tools said: sunny")
        assistant = self.claude.only_request().json["messages"][1]["content"]
        # The scripted model checks the seal itself.
        self.assertEqual([block["type"] for block in assistant], ["thinking", "tool_use"])
