"""OpenAI and Anthropic clients in front of Gemini: what is sent, judged by google-genai's types, and what is told."""

from __future__ import annotations

import json
import math

import openai
from dialect_case import CLOCK, PICTURE, PNG, WEATHER, WEATHER_ARGUMENTS, Plan, tool, user
from gemini_answers import PAGE, THOUGHT
from gemini_case import GEMINI_KEY, GeminiCase
from gemini_rules import PLACEHOLDER, signature_of
from google.genai import types
from openai.types.chat import ChatCompletionMessage
from scripted_gemini import RETRY_DELAY_S, vector


class ToGemini(GeminiCase):
    def test_the_call_names_the_model_in_its_path(self) -> None:
        self.ask("g3")
        received = self.gemini.only_request()
        self.assertEqual(received.path, "/v1beta/models/gemini-3.5-flash:generateContent")
        self.assertEqual(received.headers["x-goog-api-key"], GEMINI_KEY)
        self.assertNotIn("authorization", received.headers)
        self.assertNotIn("model", received.json)
        self.setUp()
        list(self.ask("g3", stream=True))
        self.assertEqual(
            self.gemini.only_request().path, "/v1beta/models/gemini-3.5-flash:streamGenerateContent?alt=sse"
        )
        self.setUp()
        self.ask("v3")
        received = self.gemini.only_request()
        self.assertTrue(received.path.endswith("/publishers/google/models/gemini-3.5-flash:generateContent"))
        self.assertNotIn("x-goog-api-key", received.headers)

    def test_an_answer_has_words_reason_and_usage(self) -> None:
        for name in ("g2", "g3", "v3", "g3-cached"):
            for stream in (False, True):
                with self.subTest(model=name, stream=stream):
                    self.setUp()
                    if stream:
                        chunks = list(self.ask(name, stream=True, stream_options={"include_usage": True}))
                        text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
                        reasons = [c.choices[0].finish_reason for c in chunks if c.choices and c.choices[0].finish_reason]
                        usage = chunks[-1].usage
                        self.assertEqual(reasons, ["stop"])
                    else:
                        answer = self.ask(name)
                        text, usage = answer.choices[0].message.content, answer.usage
                        self.assertEqual(answer.choices[0].finish_reason, "stop")
                    self.assertEqual(text, "You said: one two three")
                    self.assert_usage(usage, self.gemini.only_request())

    def test_system_messages_lead_and_later_ones_stay_in_place(self) -> None:
        messages = [
            {"role": "system", "content": "Be brief."},
            {"role": "developer", "content": [{"type": "text", "text": "Be kind."}]},
            {"role": "user", "content": "hello"},
            {"role": "assistant", "content": "hi"},
            {"role": "user", "content": "go on"},
            {"role": "system", "content": "Be slow."},
        ]
        self.ask("g3", messages)
        sent = self.sent()
        self.assertEqual(sent["systemInstruction"], {"parts": [{"text": "Be brief."}, {"text": "Be kind."}]})
        self.assertEqual([one["role"] for one in sent["contents"]], ["user", "model", "user"])
        self.assertIn("Be slow.", json.dumps(sent["contents"][-1]))

    def test_pictures_sounds_and_documents_go_as_data(self) -> None:
        pdf = {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERi0="}}
        sound = {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}}
        address = {"type": "image_url", "image_url": {"url": "https://example.com/cat.png?x=1"}}
        content = [{"type": "text", "text": "what is this"}, PICTURE, pdf, sound, address]
        self.ask("g3", [{"role": "user", "content": content}])
        self.assertEqual(
            self.sent()["contents"][0]["parts"],
            [
                {"text": "what is this"},
                {"inlineData": {"mimeType": "image/png", "data": PNG}},
                {"inlineData": {"mimeType": "application/pdf", "data": "JVBERi0="}},
                {"inlineData": {"mimeType": "audio/wav", "data": "UklGRg=="}},
                {"fileData": {"mimeType": "image/png", "fileUri": "https://example.com/cat.png?x=1"}},
            ],
        )

    def test_tools_can_be_forced_and_forbidden(self) -> None:
        named = {"type": "function", "function": {"name": "get_time"}}
        cases = [
            ("auto", {"mode": "AUTO"}, "get_weather"),
            ("required", {"mode": "ANY"}, "get_weather"),
            (named, {"mode": "ANY", "allowedFunctionNames": ["get_time"]}, "get_time"),
        ]
        for choice, config, called in cases:
            with self.subTest(choice=choice):
                self.setUp()
                answer = self.ask("g3", tools=[WEATHER, CLOCK], tool_choice=choice).choices[0]
                self.assertEqual(answer.message.tool_calls[0].function.name, called)
                self.assertEqual(answer.finish_reason, "tool_calls")
                self.assertEqual(self.sent()["toolConfig"]["functionCallingConfig"], config)
        self.setUp()
        answer = self.ask("g3", tools=[WEATHER], tool_choice="none").choices[0]
        self.assertEqual((answer.message.content, answer.finish_reason), ("You said: one two three", "stop"))

    def test_strict_tools_are_held_to_their_schemas(self) -> None:
        strict = tool("get_weather", city="string")
        strict["function"]["strict"] = True
        raw = self.ask_raw("g3", tools=[strict])
        self.assertEqual(self.dropped(raw), set())
        self.assertEqual(self.sent()["toolConfig"]["functionCallingConfig"], {"mode": "VALIDATED"})
        self.setUp()
        raw = self.ask_raw("g2", tools=[strict])
        self.assertEqual(self.dropped(raw), {"tools[0].function.strict"})

    def two_turns(self, name: str, keep: tuple[str, ...], *, stream: bool, then: str | None = None) -> dict:
        """Asks, answers the calls, and asks again, or asks `then`, with what a client keeps of the first answer."""
        messages = user("what is the weather")
        if stream:
            calls: dict[int, dict] = {}
            for chunk in self.ask(name, messages, tools=[WEATHER, CLOCK], stream=True):
                for piece in chunk.choices[0].delta.tool_calls or []:
                    calls[piece.index] = piece.model_dump(exclude_none=True)
            message = {"role": "assistant", "content": None, "tool_calls": list(calls.values())}
        else:
            message = self.ask(name, messages, tools=[WEATHER, CLOCK]).choices[0].message.model_dump(exclude_none=True)
        message = {key: value for key, value in message.items() if key in ("role", "content", "tool_calls", *keep)}
        for call in message["tool_calls"]:
            if "extra_content" not in keep:
                call.pop("extra_content", None)
            call.pop("index", None)
        messages.append(message)
        for call in message["tool_calls"]:
            messages.append({"role": "tool", "tool_call_id": call["id"], "content": "sunny"})
        self.gemini.forget()
        answer = self.ask(then or name, messages, tools=[WEATHER, CLOCK])
        self.assertIn("The tools said: sunny", answer.choices[0].message.content)
        return self.sent()

    def test_signatures_survive_two_turns_whatever_the_client_keeps(self) -> None:
        for name in ("g3", "g3-parallel", "g3-anonymous", "v3"):
            for keep in ((), ("extra_content",), ("thinking_blocks",), ("extra_content", "thinking_blocks")):
                for stream in (False, True):
                    with self.subTest(model=name, keep=keep, stream=stream):
                        self.setUp()
                        sent = self.two_turns(name, keep, stream=stream)
                        [parts] = [one["parts"] for one in sent["contents"] if one["role"] == "model"]
                        calls = [part for part in parts if "functionCall" in part]
                        self.assertEqual(len(calls), 2 if name == "g3-parallel" else 1)
                        call = {key: value for key, value in calls[0]["functionCall"].items() if key != "id"}
                        self.assertEqual(call, {"name": "get_weather", "args": WEATHER_ARGUMENTS})
                        self.assertEqual(calls[0]["thoughtSignature"], signature_of(call))
                        self.assertTrue(all("thoughtSignature" not in part for part in calls[1:]))

    def test_a_history_of_another_model_goes_with_the_placeholder(self) -> None:
        calls = [
            {"id": f"call_{n}", "type": "function", "function": {"name": "get_time", "arguments": '{"zone":"UTC"}'}}
            for n in (1, 2)
        ]
        messages = [
            *user("time?"),
            {"role": "assistant", "content": "Looking.", "tool_calls": calls},
            {"role": "tool", "tool_call_id": "call_2", "content": '{"hour": 12}'},
        ]
        self.ask("g3", messages)
        question, asked, answers = self.sent()["contents"]
        self.assertEqual(
            [part.get("thoughtSignature") for part in asked["parts"]], [None, PLACEHOLDER, None]
        )
        self.assertEqual(
            [part["functionResponse"] for part in answers["parts"]],
            [
                {"id": "call_1", "name": "get_time", "response": {"error": "missing"}},
                {"id": "call_2", "name": "get_time", "response": {"hour": 12}},
            ],
        )
        self.setUp()
        self.ask("g2", messages)
        self.assertNotIn("thoughtSignature", json.dumps(self.sent()))

    def test_a_signature_that_is_refused_is_left_out(self) -> None:
        seal = "AAAAAAAAAAAA"
        block = {"type": "thinking", "thinking": "", "signature": f"gemini:studio:{seal}", "index": 0}
        for more, beside in (
            ({}, {"extra_content": {"google": {"thought_signature": f"gemini:studio:{seal}"}}}),
            ({"thinking_blocks": [block]}, {}),
        ):
            with self.subTest(more=more):
                self.setUp()
                function = {"name": "get_time", "arguments": '{"zone":"UTC"}'}
                call = {"id": "call_1", "type": "function", "function": function, **beside}
                asked = {"role": "assistant", "content": None, "tool_calls": [call], **more}
                messages = [*user("time?"), asked, {"role": "tool", "tool_call_id": "call_1", "content": "noon"}]
                raw = self.ask_raw("g3", messages)
                self.assertIn("The tools said: noon", raw.parse().choices[0].message.content)
                left_out = "tool_calls[0].extra_content" if beside else "thinking_blocks"
                self.assertEqual(self.dropped(raw), {f"messages[1].{left_out}"})
                first, second = [
                    part.get("thoughtSignature")
                    for one in self.gemini.received
                    for part in one.json["contents"][1]["parts"]
                ]
                self.assertEqual((first, second), (seal, PLACEHOLDER))

    def test_a_signature_goes_to_the_account_that_made_it_only(self) -> None:
        # The scripted ids repeat, so that the gateway could remember one of theirs; made-up ones do not.
        for keep in (("extra_content",), ("thinking_blocks",)):
            with self.subTest(keep=keep):
                self.setUp()
                sent = self.two_turns("g3-anonymous", keep, stream=False, then="v3")
                [asked] = [one["parts"] for one in sent["contents"] if one["role"] == "model"]
                self.assertEqual([part.get("thoughtSignature") for part in asked], [PLACEHOLDER])

    def test_calls_without_ids_get_different_ones(self) -> None:
        ids = set()
        for stream in (False, True, False):
            if stream:
                chunks = self.ask("g3-anonymous", tools=[WEATHER], stream=True)
                ids |= {call.id for chunk in chunks for call in chunk.choices[0].delta.tool_calls or []}
            else:
                ids |= {call.id for call in self.ask("g3-anonymous", tools=[WEATHER]).choices[0].message.tool_calls}
        self.assertEqual(len(ids), 3)

    def test_sound_and_pictures_are_counted_apart(self) -> None:
        for stream in (False, True):
            with self.subTest(stream=stream):
                self.setUp()
                if stream:
                    *_, last = self.ask("g3-media", stream=True, stream_options={"include_usage": True})
                    usage = last.usage
                else:
                    usage = self.ask("g3-media").usage
                told = types.GenerateContentResponseUsageMetadata.model_validate(self.gemini.only_request().usage)
                count = {
                    (name, one.modality.value): one.token_count
                    for name in ("prompt_tokens_details", "cache_tokens_details", "candidates_tokens_details")
                    for one in getattr(told, name)
                }
                heard = count["prompt_tokens_details", "AUDIO"] - count["cache_tokens_details", "AUDIO"]
                self.assertEqual(usage.prompt_tokens_details.audio_tokens, heard)
                self.assertEqual(usage.prompt_tokens_details.cached_tokens, told.cached_content_token_count)
                self.assertEqual(usage.completion_tokens_details.image_tokens, count["candidates_tokens_details", "IMAGE"])

    def test_sources_are_annotations(self) -> None:
        question = "Reykjavík: 雨 🎏 one two"
        for stream in (False, True):
            with self.subTest(stream=stream):
                self.setUp()
                if stream:
                    text, found = "", []
                    for chunk in self.ask("g3-grounded", question, stream=True):
                        if chunk.choices:
                            text += chunk.choices[0].delta.content or ""
                            found += getattr(chunk.choices[0].delta, "annotations", None) or []
                    found = [ChatCompletionMessage.model_validate({"role": "assistant", "annotations": found})][0].annotations
                else:
                    message = self.ask("g3-grounded", question).choices[0].message
                    text, found = message.content, message.annotations
                [one] = found
                self.assertEqual((one.type, one.url_citation.url, one.url_citation.title), ("url_citation", PAGE, "a page"))
                self.assertEqual(text[one.url_citation.start_index : one.url_citation.end_index], "雨 🎏")
                self.setUp()
                answer = self.client.responses.create(model="g3-grounded", input=question, tools=[{"type": "web_search"}])
                self.assertEqual(self.sent()["tools"], [{"googleSearch": {}}])
                [content] = [one for item in answer.output if item.type == "message" for one in item.content]
                [one] = content.annotations
                self.assertEqual((one.type, one.url), ("url_citation", PAGE))
                self.assertEqual(content.text[one.start_index : one.end_index], "雨 🎏")

    def test_a_schema_of_the_answer_is_followed(self) -> None:
        answer = self.client.chat.completions.parse(model="g3", messages=user("plan"), response_format=Plan)
        self.assertIsInstance(answer.choices[0].message.parsed, Plan)
        config = self.sent()["generationConfig"]
        self.assertEqual(config["responseMimeType"], "application/json")
        self.assertEqual(config["responseJsonSchema"]["properties"]["count"]["type"], "integer")

    def test_settings_have_their_names(self) -> None:
        raw = self.ask_raw(
            "g3",
            max_completion_tokens=2,
            temperature=0.5,
            top_p=0.9,
            seed=7,
            stop=["END"],
            presence_penalty=0.1,
            frequency_penalty=0.2,
            user="someone",
            logit_bias={"1": 1},
            extra_body={"top_k": 5},
        )
        self.assertEqual(
            self.sent()["generationConfig"],
            {
                "temperature": 0.5, "topP": 0.9, "topK": 5, "maxOutputTokens": 2, "stopSequences": ["END"],
                "presencePenalty": 0.1, "frequencyPenalty": 0.2, "seed": 7,
            },
        )
        self.assertEqual(self.dropped(raw), {"user", "logit_bias"})
        self.assertEqual(raw.parse().choices[0].finish_reason, "length")

    def test_thinking_is_asked_for_as_the_model_knows_it(self) -> None:
        cases = [
            ("g3", "low", {"includeThoughts": True, "thinkingLevel": "LOW"}, set()),
            ("g3", "none", {"thinkingLevel": "MINIMAL"}, {"reasoning_effort"}),
            ("g2", "medium", {"includeThoughts": True, "thinkingBudget": 8192}, set()),
            ("g2", "none", {"thinkingBudget": 0}, set()),
            ("g2-pro", "none", None, {"reasoning_effort"}),
        ]
        for name, effort, config, dropped in cases:
            with self.subTest(model=name, effort=effort):
                self.setUp()
                raw = self.ask_raw(name, reasoning_effort=effort)
                self.assertEqual(self.sent().get("generationConfig", {}).get("thinkingConfig"), config)
                self.assertEqual(self.dropped(raw), dropped)
                message = raw.parse().choices[0].message
                thought = (message.model_extra or {}).get("reasoning_content")
                shown = bool(config and config.get("includeThoughts"))
                self.assertEqual(thought, THOUGHT + "one two three" if shown else None)
                self.assertEqual(message.content, "You said: one two three")

    def test_answers_without_content_have_a_reason(self) -> None:
        for end, reason in (("blocked", "content_filter"), ("safety", "content_filter"), ("starved", "length")):
            for stream in (False, True):
                with self.subTest(end=end, stream=stream):
                    self.setUp()
                    if stream:
                        chunks = list(self.ask(f"g3-{end}", stream=True, stream_options={"include_usage": True}))
                        reasons = [c.choices[0].finish_reason for c in chunks if c.choices and c.choices[0].finish_reason]
                        self.assertEqual(reasons, [reason])
                        self.assert_usage(chunks[-1].usage, self.gemini.only_request())
                    else:
                        answer = self.ask(f"g3-{end}")
                        self.assertEqual(answer.choices[0].finish_reason, reason)
                        self.assertFalse(answer.choices[0].message.content)
                        self.assert_usage(answer.usage, self.gemini.only_request())

    def test_errors_are_told_in_openais_words(self) -> None:
        cases = [
            ("refuse400", openai.BadRequestError, 400),
            ("badkey", openai.APIStatusError, 502),
            ("refuse429", openai.RateLimitError, 429),
            ("daily", openai.InternalServerError, 502),
            ("refuse503", openai.InternalServerError, 502),
        ]
        for end, kind, status in cases:
            for stream in (False, True):
                with self.subTest(end=end, stream=stream):
                    self.setUp()
                    with self.assertRaises(kind) as caught:
                        self.ask(f"g3-{end}", stream=stream)
                    self.assertEqual(caught.exception.status_code, status, caught.exception)
                    if end == "refuse429":
                        self.assertEqual(int(caught.exception.response.headers["retry-after"]), RETRY_DELAY_S)

    def test_a_stream_that_breaks_is_no_answer(self) -> None:
        for end in ("broken", "cut"):
            with self.subTest(end=end), self.assertRaises(openai.APIError):
                list(self.ask(f"g3-{end}", stream=True))

    def test_a_call_the_model_could_not_write_is_tried_again(self) -> None:
        with self.assertRaises(openai.APIStatusError) as caught:
            self.ask("g3-malformed")
        self.assertGreaterEqual(caught.exception.status_code, 500)
        self.assertGreater(len(self.gemini.received), 1)

    def test_the_key_is_shown_to_nobody(self) -> None:
        with self.assertRaises(openai.APIStatusError) as caught:
            self.ask("g3-badkey")
        self.assertNotIn(GEMINI_KEY, str(caught.exception.body) + str(caught.exception.response.headers))


class AnthropicToGemini(GeminiCase):
    TOOL = {
        "name": "get_weather",
        "description": "Tells the weather",
        "input_schema": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
            "required": ["city", "days"],
        },
    }

    def test_thinking_calls_and_signatures_survive_two_turns(self) -> None:
        for stream in (False, True):
            with self.subTest(stream=stream):
                self.setUp()
                options = dict(
                    model="g3",
                    max_tokens=4096,
                    tools=[self.TOOL],
                    thinking={"type": "enabled", "budget_tokens": 2048},
                )
                messages = [{"role": "user", "content": "what is the weather"}]
                if stream:
                    with self.anthropic.messages.stream(messages=messages, **options) as events:
                        first = events.get_final_message()
                else:
                    first = self.anthropic.messages.create(messages=messages, **options)
                self.assertEqual(first.stop_reason, "tool_use")
                self.assertEqual([block.type for block in first.content], ["thinking", "thinking", "tool_use"])
                self.assertEqual(first.content[0].thinking, THOUGHT + "what is the weather")
                call = first.content[-1]
                self.assertEqual(call.input, WEATHER_ARGUMENTS)
                result = {"type": "tool_result", "tool_use_id": call.id, "content": "sunny"}
                messages += [
                    {"role": "assistant", "content": [block.model_dump(exclude_none=True) for block in first.content]},
                    {"role": "user", "content": [result]},
                ]
                self.gemini.forget()
                second = self.anthropic.messages.create(messages=messages, **options)
                self.assertIn("The tools said: sunny", second.content[-2].text)
                part = next(
                    part for one in self.sent()["contents"] for part in one["parts"] if "functionCall" in part
                )
                bare = {"name": "get_weather", "args": WEATHER_ARGUMENTS}
                self.assertEqual(part["thoughtSignature"], signature_of(bare))


class Embeddings(GeminiCase):
    def test_texts_become_vectors_of_length_one(self) -> None:
        texts = ["one two three", "four"]
        for name, calls in (("embed", 1), ("embed-vertex", 1), ("embed-text", 1)):
            for dimensions in (None, 3):
                with self.subTest(model=name, dimensions=dimensions):
                    self.setUp()
                    more = {"dimensions": dimensions} if dimensions else {}
                    answer = self.client.embeddings.create(model=name, input=texts, **more)
                    self.assertEqual([len(one.embedding) for one in answer.data], [dimensions or 4] * 2)
                    for one, text in zip(answer.data, texts):
                        length = math.hypot(*vector(text, dimensions or 4))
                        for got, value in zip(one.embedding, vector(text, dimensions or 4)):
                            self.assertAlmostEqual(got, value / length, places=5)
                    self.assertEqual(len(self.gemini.received), calls)
                    if name != "embed-text":
                        self.assertTrue(self.gemini.received[0].path.endswith(":batchEmbedContents"))
                    else:
                        self.assertTrue(self.gemini.received[0].path.endswith(":predict"))
                        self.assertEqual(answer.usage.prompt_tokens, 4)

    def test_the_task_is_passed_on(self) -> None:
        self.client.embeddings.create(model="embed", input="a", extra_body={"task_type": "RETRIEVAL_QUERY"})
        self.assertEqual(self.sent()["requests"][0]["taskType"], "RETRIEVAL_QUERY")

    def test_a_hundred_and_one_texts_are_two_calls(self) -> None:
        answer = self.client.embeddings.create(model="embed", input=[f"text {n}" for n in range(101)])
        self.assertEqual((len(answer.data), len(self.gemini.received)), (101, 2))

    def test_google_genai_asks_the_same(self) -> None:
        self.client.embeddings.create(model="embed", input=["one", "two"], dimensions=3)
        sent = self.sent()
        self.gemini.forget()
        self.judge.models.embed_content(
            model="gemini-embedding-001", contents=["one", "two"], config={"output_dimensionality": 3}
        )
        judged = self.sent()
        for one in judged["requests"]:
            one["content"].pop("role", None)
        self.assertEqual(sent, judged)


class Judge(GeminiCase):
    """google-genai as a client of the scripted upstream: what it decodes is what Martlet tells."""

    def test_reads_of_the_same_stream_what_martlet_tells(self) -> None:
        for name, upstream in (("g3", "gemini-3.5-flash"), ("g3-parallel", "gemini-3.5-parallel"), ("g2", "gemini-2.5-flash")):
            with self.subTest(model=name):
                self.setUp()
                chunks = list(
                    self.ask(
                        name, tools=[WEATHER, CLOCK], reasoning_effort="low",
                        stream=True, stream_options={"include_usage": True},
                    )
                )
                received = self.gemini.only_request()
                config = {
                    "tools": received.json["tools"],
                    "thinking_config": received.json["generationConfig"]["thinkingConfig"],
                }
                self.gemini.forget()
                told = list(
                    self.judge.models.generate_content_stream(
                        model=upstream, contents=received.json["contents"], config=config
                    )
                )
                self.assertEqual(self.gemini.only_request().answer, received.answer)
                parts = [part for one in told for part in one.candidates[0].content.parts]
                thoughts = "".join(part.text for part in parts if part.thought)
                text = "".join(part.text for part in parts if part.text and not part.thought)
                calls = [(part.function_call.name, part.function_call.args) for part in parts if part.function_call]
                deltas = [c.choices[0].delta for c in chunks if c.choices]
                self.assertEqual("".join((d.model_extra or {}).get("reasoning_content") or "" for d in deltas), thoughts)
                self.assertEqual("".join(d.content or "" for d in deltas), text)
                got = [call for d in deltas for call in d.tool_calls or []]
                self.assertEqual([(call.function.name, json.loads(call.function.arguments)) for call in got], calls)
                usage = told[-1].usage_metadata
                self.assertEqual(chunks[-1].usage.total_tokens, usage.total_token_count)
