"""Answers that end oddly, as the official SDKs see them: an empty reason to stop, and reasons that say "not complete"."""

from __future__ import annotations

import json
import threading
import time
import unittest
from http.server import BaseHTTPRequestHandler

import anthropic
import openai
from dialect_case import WEATHER, account, model, user
from harness import GATEWAY_KEY, Martlet
from scripted_server import ScriptedServer

REASONS = ("abort", "error", "insufficient_system_resource")
CALL = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": '{"city":"Rome"}'}}
USAGE = {"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9}


class _Handler(BaseHTTPRequestHandler):
    """Ends with the reason that the model's name is; `empty` calls a tool and says nothing."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        name = request["model"]
        says = {"tool_calls": [CALL]} if name == "empty" else {"content": "Hal"}
        reason = "" if name == "empty" else name
        frame = {"id": "c", "created": 1, "model": name}
        if request.get("stream"):
            deltas = [({"role": "assistant"}, None), (says, None), ({}, reason)]
            events = [{"choices": [{"index": 0, "delta": delta, "finish_reason": end}]} for delta, end in deltas]
            events.append({"choices": [], "usage": USAGE})
            lines = [json.dumps(frame | {"object": "chat.completion.chunk"} | event) for event in events] + ["[DONE]"]
            body, kind = "".join(f"data: {line}\n\n" for line in lines), "text/event-stream"
        else:
            choice = {"index": 0, "message": {"role": "assistant", **says}, "finish_reason": reason}
            body = json.dumps(frame | {"object": "chat.completion", "choices": [choice], "usage": USAGE})
            kind = "application/json"
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body.encode())))
        self.end_headers()
        # What comes with the end in one piece is judged with it, before anything is sent on.
        for piece in body.encode().partition(b'"Hal"}, "finish_reason": null}]}\n\n'):
            self.wfile.write(piece)
            self.wfile.flush()
            time.sleep(0.1)


class OddEnds(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        server = ScriptedServer(_Handler)
        cls.addClassCleanup(server.server_close)
        cls.addClassCleanup(server.shutdown)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        parts = ["version = 1"]
        for name in (*REASONS, "empty"):
            # Each has an account of its own, so that what one comes to changes nothing for another.
            parts.append(account(f"odd_{name}", "openai_compatible", f"http://127.0.0.1:{server.server_port}/v1", "none"))
            parts.append(model(name, {f"odd_{name}": name}))
        off = "[reliability.circuit_breaker]\nenabled = false"
        cls.martlet = cls.enterClassContext(Martlet("\n".join([*parts, off]) + "\n", {}))
        options = {"api_key": GATEWAY_KEY, "timeout": 20, "max_retries": 0}
        cls.openai = cls.enterClassContext(openai.OpenAI(base_url=f"{cls.martlet.url}/v1", **options))
        cls.anthropic = cls.enterClassContext(anthropic.Anthropic(base_url=cls.martlet.url, **options))

    def claude(self, name: str):
        return self.anthropic.messages.stream(model=name, max_tokens=99, messages=user("Go."))

    def test_a_stream_with_an_empty_reason_ends_with_the_call_it_made(self) -> None:
        chunks = list(self.openai.chat.completions.create(model="empty", messages=user("Go."), tools=[WEATHER], stream=True))
        self.assertEqual([c.choices[0].finish_reason for c in chunks if c.choices and c.choices[0].finish_reason], ["tool_calls"])
        with self.openai.chat.completions.stream(model="empty", messages=user("Go."), tools=[WEATHER]) as stream:
            choice = stream.get_final_completion().choices[0]
        self.assertEqual((choice.finish_reason, choice.message.tool_calls[0].function.name), ("tool_calls", "get_weather"))
        with self.claude("empty") as stream:
            message = stream.get_final_message()
        self.assertEqual((message.stop_reason, message.content[0].name), ("tool_use", "get_weather"))

    def test_a_broken_answer_is_an_error_for_who_could_not_see_it(self) -> None:
        for name in REASONS:
            with self.subTest(reason=name):
                with self.assertRaises(anthropic.APIStatusError) as raised:
                    self.anthropic.messages.create(model=name, max_tokens=99, messages=user("Go."))
                self.assertEqual(raised.exception.status_code, 502)
                with self.assertRaises(anthropic.APIStatusError), self.claude(name) as stream:
                    stream.get_final_message()
                with self.assertRaises(openai.APIStatusError):
                    self.openai.responses.create(model=name, input="Go.")
                events = list(self.openai.responses.create(model=name, input="Go.", stream=True))
                self.assertEqual((events[-1].type, events[-1].response.status), ("response.failed", "failed"))

    def test_a_client_of_the_same_format_sees_the_reason(self) -> None:
        for name in REASONS:
            with self.subTest(reason=name):
                answer = self.openai.chat.completions.create(model=name, messages=user("Go."))
                self.assertEqual((answer.choices[0].finish_reason, answer.choices[0].message.content), (name, "Hal"))
                chunks = list(self.openai.chat.completions.create(model=name, messages=user("Go."), stream=True))
                self.assertEqual(chunks[-1].choices[0].finish_reason, name)
