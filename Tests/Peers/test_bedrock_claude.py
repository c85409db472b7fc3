"""Claude on Amazon Bedrock behind Martlet, asked by Anthropic's SDK: natively by InvokeModel, and other models by Converse."""

from __future__ import annotations

import unittest

import anthropic
from anthropic_rules import signature_of
from bedrock_case import INVOKED, BedrockCase, usage_of
from dialect_case import PNG, user

WEATHER = {
    "name": "get_weather",
    "description": "Weather",
    "input_schema": {
        "type": "object",
        "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
        "required": ["city", "days"],
        "additionalProperties": False,
    },
}
ARGUMENTS = {"city": "plain words", "days": 7}


class MessagesCase(BedrockCase):
    def say(self, name: str, messages: list | str = "one two three", *, stream: bool = False, **more):
        messages = user(messages) if isinstance(messages, str) else messages
        more = {"model": name, "max_tokens": 4096, "messages": messages} | more
        if not stream:
            return self.anthropic.messages.create(**more)
        with self.anthropic.messages.stream(**more) as events:
            return events.get_final_message()


class Invoked(MessagesCase):
    """Nothing of Anthropic's format is lost: it goes by InvokeModel."""

    def test_an_answer_and_a_stream(self) -> None:
        for stream in (False, True):
            with self.subTest(stream=stream):
                self.setUp()
                message = self.say("invoked", stream=stream)
                self.assertEqual(message.content[0].text, "You said: one two three")
                self.assertEqual((message.stop_reason, message.id), ("end_turn", "msg_scripted"))
                received = self.bedrock.only_request()
                self.assertEqual(received.model, INVOKED)
                self.assertEqual(received.operation, "InvokeModelWithResponseStream" if stream else "InvokeModel")
                sent = received.json
                self.assertEqual(sent["anthropic_version"], "bedrock-2023-05-31")
                self.assertEqual({"model", "stream"} & set(sent), set())
                usage = (message.usage.input_tokens, message.usage.output_tokens)
                self.assertEqual(usage, (received.usage["input_tokens"], received.usage["output_tokens"]))

    def test_thinking_goes_around(self) -> None:
        thinking = {"type": "enabled", "budget_tokens": 1024}
        for stream in (False, True):
            with self.subTest(stream=stream):
                self.setUp()
                message = self.say("invoked", thinking=thinking, stream=stream)
                block = message.content[0]
                self.assertEqual((block.type, block.signature), ("thinking", signature_of(block.thinking)))
                history = [*user("one two three"), {"role": "assistant", "content": message.content}, *user("go on")]
                self.setUp()
                self.say("invoked", history, thinking=thinking, stream=stream)
                self.assertEqual(self.sent()["messages"][1]["content"][0]["signature"], block.signature)

    def test_tools_and_pictures(self) -> None:
        picture = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}}
        for stream in (False, True):
            with self.subTest(stream=stream):
                content = [picture, {"type": "text", "text": "weather here?"}]
                messages = [{"role": "user", "content": content}]
                message = self.say("invoked", messages, tools=[WEATHER], stream=stream)
                [call] = [block for block in message.content if block.type == "tool_use"]
                self.assertEqual((call.name, call.input, message.stop_reason), ("get_weather", ARGUMENTS, "tool_use"))
                result = {"type": "tool_result", "tool_use_id": call.id, "content": "warm", "is_error": True}
                messages += [{"role": "assistant", "content": message.content}, {"role": "user", "content": [result]}]
                answer = self.say("invoked", messages, tools=[WEATHER], stream=stream)
                self.assertEqual(answer.content[0].text, "The tools said: failed: warm")

    def test_betas_stand_in_the_body_and_unknown_ones_are_named(self) -> None:
        raw = self.anthropic.beta.messages.with_raw_response.create(
            model="invoked",
            max_tokens=99,
            messages=user("hello"),
            betas=["interleaved-thinking-2025-05-14", "a-later-one-2027-01-01"],
        )
        self.assertEqual(self.sent()["anthropic_beta"], ["interleaved-thinking-2025-05-14"])
        self.assertNotIn("anthropic-beta", self.bedrock.only_request().headers)
        self.assertEqual(self.dropped(raw), {"anthropic-beta.a-later-one-2027-01-01"})

    def test_what_this_way_does_not_have_is_named(self) -> None:
        text = {"type": "text", "text": "hello", "cache_control": {"type": "ephemeral", "scope": "global"}}
        raw = self.anthropic.messages.with_raw_response.create(
            model="invoked",
            max_tokens=99,
            messages=[{"role": "user", "content": [text]}],
            service_tier="standard_only",
            extra_body={"cache_control": {"type": "ephemeral"}},
        )
        expected = {"service_tier", "cache_control", "messages[0].content[0].cache_control.scope"}
        self.assertEqual(self.dropped(raw), expected)
        [block] = self.sent()["messages"][0]["content"]
        self.assertEqual(block["cache_control"], {"type": "ephemeral"})

    def test_a_guardrail_stands_in_the_head(self) -> None:
        guard = {"guardrailIdentifier": "abcdef123456", "guardrailVersion": "1", "trace": "enabled"}
        self.say("invoked", extra_body={"guardrailConfig": guard})
        headers = self.bedrock.only_request().headers
        self.assertEqual(headers["x-amzn-bedrock-guardrailidentifier"], "abcdef123456")
        self.assertEqual(headers["x-amzn-bedrock-guardrailversion"], "1")
        self.assertEqual(headers["x-amzn-bedrock-trace"], "ENABLED")

    def test_a_refusal_is_one_of_anthropics(self) -> None:
        with self.assertRaises(anthropic.BadRequestError) as raised:
            self.say("invoked", thinking={"type": "enabled", "budget_tokens": 10})
        self.assertEqual(raised.exception.body["error"]["type"], "invalid_request_error")

    def test_a_client_of_openai_goes_by_converse(self) -> None:
        self.ask("invoked", max_tokens=99)
        self.assertEqual(self.bedrock.only_request().operation, "Converse")


class Conversed(MessagesCase):
    """Other models have Converse only."""

    def test_an_answer_and_a_stream(self) -> None:
        for stream in (False, True):
            with self.subTest(stream=stream):
                self.setUp()
                message = self.say("nova/cached", stream=stream, system="Be brief.")
                self.assertEqual(message.content[0].text, "You said: one two three")
                expected = usage_of(self.bedrock.only_request())
                usage = message.usage
                self.assertEqual(usage.cache_read_input_tokens, expected["read"])
                self.assertEqual(usage.cache_creation_input_tokens, expected["write"])
                self.assertEqual(usage.input_tokens, expected["input"] - expected["read"] - expected["write"])
                self.assertEqual(self.sent()["system"], [{"text": "Be brief."}])

    def test_tools_and_results_keep_their_flags(self) -> None:
        for name in ("nova", "llama"):
            for stream in (False, True):
                with self.subTest(model=name, stream=stream):
                    message = self.say(f"{name}/echo", tools=[WEATHER], stream=stream)
                    [call] = [block for block in message.content if block.type == "tool_use"]
                    self.assertEqual((call.name, call.input, message.stop_reason), ("get_weather", ARGUMENTS, "tool_use"))
                    result = {"type": "tool_result", "tool_use_id": call.id, "content": "warm", "is_error": True}
                    messages = [
                        *user("one two three"),
                        {"role": "assistant", "content": message.content},
                        {"role": "user", "content": [result]},
                    ]
                    self.setUp()
                    answer = self.say(f"{name}/echo", messages, tools=[WEATHER], stream=stream)
                    words = "failed: warm" if name == "nova" else "Error: warm"
                    self.assertEqual(answer.content[0].text, f"The tools said: {words}")

    def test_cache_marks_and_limits(self) -> None:
        mark = {"cache_control": {"type": "ephemeral"}}
        raw = self.anthropic.messages.with_raw_response.create(
            model="nova/echo",
            max_tokens=99,
            system=[{"type": "text", "text": "Be brief."} | mark],
            tools=[WEATHER | mark],
            tool_choice={"type": "none"},
            messages=[{"role": "user", "content": [{"type": "text", "text": "hello"} | mark]}],
            stop_sequences=["never"],
            metadata={"user_id": "u-17"},
        )
        sent, point = self.sent(), {"cachePoint": {"type": "default"}}
        self.assertEqual(sent["system"], [{"text": "Be brief."}, point])
        self.assertEqual(sent["messages"][0]["content"], [{"text": "hello"}, point])
        self.assertEqual(sent["inferenceConfig"], {"maxTokens": 99, "stopSequences": ["never"]})
        self.assertEqual(self.dropped(raw), {"tools", "metadata.user_id"})

    def test_a_document_and_a_picture(self) -> None:
        picture = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}}
        document = {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "Words."}}
        content = [picture, document, {"type": "text", "text": "what is this"}]
        self.say("nova/echo", [{"role": "user", "content": content}])
        image, words, _ = self.sent()["messages"][0]["content"]
        self.assertEqual(image, {"image": {"format": "png", "source": {"bytes": PNG}}})
        self.assertEqual(words, {"text": "Words."})

    def test_errors_are_anthropics(self) -> None:
        with self.assertRaises(anthropic.BadRequestError) as raised:
            self.say("nova/refused")
        self.assertIn("prompt is too long", raised.exception.message)

    def test_tokens_of_a_prompt_are_estimated(self) -> None:
        count = self.anthropic.messages.count_tokens(model="nova/echo", messages=user("one two three"))
        self.assertGreater(count.input_tokens, 0)
        self.assertEqual(self.bedrock.received, [])


class Vectors(BedrockCase):
    def test_texts_become_vectors_in_as_many_calls_as_it_takes(self) -> None:
        from scripted_embeddings import vector_of

        texts = [f"text {number}" for number in range(200)]
        calls = {"amazon.titan-embed-text-v2:0": 200, "cohere.embed-english-v3": 3, "cohere.embed-v4:0": 3}
        for name, count in calls.items():
            with self.subTest(model=name):
                self.setUp()
                answer = self.client.embeddings.create(model=f"vectors/{name}", input=texts)
                self.assertEqual([entry.embedding for entry in answer.data], [vector_of(text) for text in texts])
                self.assertEqual(answer.usage.prompt_tokens, 400)
                self.assertEqual(len(self.bedrock.received), count)

    def test_a_length_is_asked_for_or_refused(self) -> None:
        for name in ("amazon.titan-embed-text-v2:0", "cohere.embed-v4:0"):
            answer = self.client.embeddings.create(model=f"vectors/{name}", input="one", dimensions=3)
            self.assertEqual(len(answer.data[0].embedding), 3)
        answer = self.martlet.request(
            "POST", "/v1/embeddings", {"model": "vectors/cohere.embed-english-v3", "input": "one", "dimensions": 3}
        )
        self.assertEqual((answer.status, answer.json["error"]["param"]), (400, "dimensions"))

    def test_what_the_texts_are_for_can_be_said(self) -> None:
        body = {"model": "vectors/cohere.embed-english-v3", "input": ["one"], "input_type": "search_query"}
        self.assertEqual(self.martlet.request("POST", "/v1/embeddings", body).status, 200)
        self.assertEqual(self.sent()["input_type"], "search_query")

    def test_token_ids_are_refused(self) -> None:
        body = {"model": "vectors/amazon.titan-embed-text-v2:0", "input": [[1, 2]]}
        answer = self.martlet.request("POST", "/v1/embeddings", body)
        self.assertEqual((answer.status, answer.json["error"]["param"]), (400, "input[0]"), answer)


if __name__ == "__main__":
    unittest.main()
