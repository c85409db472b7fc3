"""Streams that break and go on elsewhere, as the official SDKs see them (`reliability.stitch`).

The first server cuts its answer in the middle. The second one goes on from the assistant's turn that it is shown, in
each way a server can be asked to; it answers nothing to a request that does not ask for it.
"""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler

from fault_case import FaultCase, account, model
from faults import FAULTS
from faulty_speech import Speech
from faulty_upstream import FaultyUpstream
from scripted_server import ScriptedServer

WORDS = "Über allen Gipfeln ist Ruh, in allen Wipfeln spürest du kaum einen Hauch – die Vögelein schweigen im Walde."
# What a model says again before it goes on, in letters of what it was shown.
REPEATED = 18
WAYS = {
    "plain": lambda body: body["messages"][-1]["role"] == "assistant",
    "prefix": lambda body: body["messages"][-1].get("prefix") is True,
    "final_message": lambda body: body.get("continue_final_message") is True and body["add_generation_prompt"] is False,
}


class Continuing(ScriptedServer):
    """Goes on from the last message, after repeating the end of it when the model's name says so."""

    def __init__(self) -> None:
        super().__init__(_Handler)
        self.asked: list[dict] = []
        self.base_url = f"http://127.0.0.1:{self.server_port}/v1"

    def __enter__(self) -> Continuing:
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.asked.append(body)
        shown = body["messages"][-1]["content"]
        shown = shown if isinstance(shown, str) else "".join(block["text"] for block in shown)
        goes_on = WAYS[body["model"].split(".")[0]](body) and WORDS.startswith(shown) and shown == shown.rstrip()
        rest = WORDS[max(0, len(shown) - (REPEATED if "again" in body["model"] else 0)) :] if goes_on else "What?"
        speech = Speech.of(self.path, rest, body)
        data = b"".join([*speech.opening, *speech.contents, *speech.closing])
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_) -> None: ...


class Stitched(FaultCase):
    reliability = [FaultCase.reliability[0], "stitch = true", *FaultCase.reliability[1:]]

    @classmethod
    def models(cls) -> list[str]:
        cls.first = cls.enterClassContext(FaultyUpstream(WORDS, FAULTS))
        cls.second = cls.enterClassContext(Continuing())
        made = [account("cut_chat", "chat", cls.first.base_url), account("cut_messages", "messages", cls.first.base_url)]
        for way in WAYS:
            made.append(account(f"goes_on_{way}", "chat", cls.second.base_url, f'quirks = {{ continues = "{way}" }}'))
        made.append(account("claude", "messages", cls.second.base_url, 'quirks = { continues = "plain" }'))
        made.append(account("answers", "chat", cls.second.base_url))
        for kind in ("chat", "messages"):
            for again in ("", ".again"):
                for way in WAYS:
                    second = (f"goes_on_{way}", f"{way}{again}")
                    made.append(model(f"{kind}-{way}{again}", (f"cut_{kind}", f"cut.{kind}"), second))
                second = ("claude", f"plain.claude{again}")
                made.append(model(f"{kind}-claude{again}", (f"cut_{kind}", f"cut.{kind}"), second))
            made.append(model(f"{kind}-nobody", (f"cut_{kind}", f"cut.{kind}"), ("answers", "plain.nobody")))
        return made

    def test_goes_on(self) -> None:
        for surface in ("chat", "messages", "responses"):
            for kind in ("chat", "messages"):
                for way in (*WAYS, "claude"):
                    for again in ("", ".again"):
                        with self.subTest(surface=surface, first=kind, second=way + again):
                            seen = self.ask(surface, f"{kind}-{way}{again}", "stream")
                            self.assert_answered(WORDS, seen)

    def test_nobody_goes_on(self) -> None:
        asked = len(self.second.asked)
        for surface in ("chat", "messages", "responses"):
            with self.subTest(surface=surface):
                seen = self.ask(surface, "chat-nobody", "stream")
                self.assertFalse(seen.is_complete, seen)
                self.assertTrue(seen.text and WORDS.startswith(seen.text), seen)
        self.assertEqual(len(self.second.asked), asked)

    def test_events_of_both_parts_are_one_stream(self) -> None:
        """The SDKs' own accumulators are strict about ids, indices and the order of events."""
        with self.claude.messages.stream(
            model="messages-claude", max_tokens=64, messages=[{"role": "user", "content": "one"}]
        ) as stream:
            message = stream.get_final_message()
        self.assertEqual([block.text for block in message.content], [WORDS])
        self.assertEqual(message.stop_reason, "end_turn")
        self.assertGreater(message.usage.output_tokens, 8)
        with self.openai.chat.completions.stream(
            model="chat-plain",
            messages=[{"role": "user", "content": "one"}],
            stream_options={"include_usage": True},
        ) as stream:
            completion = stream.get_final_completion()
        self.assertEqual(completion.choices[0].message.content, WORDS)
        self.assertEqual(completion.choices[0].finish_reason, "stop")
        self.assertGreater(completion.usage.prompt_tokens, 3)
