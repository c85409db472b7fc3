"""What an operator is told of a request, by HTTP and by `martlet trace`, also after the gateway was killed."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

from harness import ADMIN_KEY, GATEWAY_KEY, Martlet, binary_path, eventually
from scripted_upstream import ScriptedUpstream


def configuration(base_url: str) -> str:
    return f"""
version = 1
[reliability]
retry = {{ base_delay_s = 0.001 }}
[gateway.providers.first]
type = "openai_compatible"
base_url = "{base_url}"
api_key_location = "none"
[gateway.providers.second]
type = "openai_compatible"
base_url = "{base_url}"
api_key_location = "none"
[models.pair]
routing = ["first", "second"]
[models.pair.providers.first]
model_name = "refuse-500"
[models.pair.providers.second]
model_name = "echo"
[models.endless]
routing = ["first"]
[models.endless.providers.first]
model_name = "endless"
"""


class Trace(unittest.TestCase):
    def setUp(self) -> None:
        self.upstream = self.enterContext(ScriptedUpstream())
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="martlet-peers-trace-")))
        self.text = configuration(self.upstream.base_url)

    def ask(self, martlet: Martlet, model: str, **headers: str) -> str:
        """Sends one request and returns the id of its answer."""
        body = {"model": model, "messages": [{"role": "user", "content": "a word that no record may show"}]}
        answer = martlet.request("POST", "/v1/chat/completions", body, headers=headers)
        self.assertEqual(answer.status, 200, answer.body)
        return answer.headers["x-request-id"]

    def record(self, martlet: Martlet, identifier: str) -> dict | None:
        answer = martlet.request("GET", f"/admin/requests/{identifier}", key=ADMIN_KEY)
        if answer.status == 404:
            return None
        self.assertEqual(answer.status, 200, answer.body)
        self.assertNotIn(b"a word that no record", answer.body)
        return answer.json

    def command(self, martlet: Martlet, *arguments: str) -> subprocess.CompletedProcess:
        env = {"PATH": os.environ["PATH"], "MARTLET_BASE_URL": martlet.url, "ADMIN_KEY": ADMIN_KEY}
        command = [str(binary_path()), "trace", *arguments]
        return subprocess.run(command, env=env, capture_output=True, text=True, timeout=30)

    def test_what_was_answered_is_told_after_a_kill_and_what_ran_was_interrupted(self) -> None:
        with Martlet(self.text, folder=self.folder) as martlet:
            identifier = self.ask(martlet, "pair")
            before = self.record(martlet, identifier)
            connection = martlet.connect()
            body = {"model": "endless", "stream": True, "messages": [{"role": "user", "content": "go on"}]}
            headers = {"authorization": f"Bearer {GATEWAY_KEY}", "x-request-id": "was-running"}
            connection.request("POST", "/v1/chat/completions", json.dumps(body), headers)
            response = connection.getresponse()
            response.read1(100)
            self.assertEqual(self.record(martlet, "was-running")["state"], "running")
            self.ask(martlet, "pair", **{"x-request-id": "last-words"})
            martlet.kill()
            connection.close()
        self.assertEqual([attempt["outcome"] for attempt in before["attempts"]], ["server_error"] * 2 + ["answered"])
        self.assertEqual([attempt["provider"] for attempt in before["attempts"]], ["first", "first", "second"])
        with Martlet(self.text, folder=self.folder) as martlet:
            self.assertEqual(self.record(martlet, identifier), before)
            last = self.record(martlet, "last-words")
            self.assertEqual((last["state"], last["provider"], last["attempt_count"]), ("settled", "second", 3))
            lost = self.record(martlet, "was-running")
            self.assertEqual((lost["state"], lost["usage"]["estimated"]), ("interrupted", True))
            self.assertIn("the gateway itself ended", lost["trace"][-1]["text"])

    def test_the_command_prints_it_and_says_when_there_is_nothing(self) -> None:
        with Martlet(self.text, folder=self.folder) as martlet:
            for _ in range(3):
                self.ask(martlet, "pair", **{"x-request-id": "order-7"})
            told = self.command(martlet, "order-7")
            self.assertEqual((told.returncode, told.stderr), (0, ""))
            for words in ("attempt 1 at first (refuse-500)", "first (refuse-500) failed: server error, status 500", "3 requests have this id"):
                self.assertIn(words, told.stdout)
            document = json.loads(self.command(martlet, "order-7", "--json").stdout)
            self.assertEqual((document["matches"], len(document["other_ids"])), (3, 2))
            older = json.loads(self.command(martlet, document["other_ids"][0], "--json").stdout)
            self.assertEqual((older["id"], older["matches"]), (document["other_ids"][0], 1))
            unknown = self.command(martlet, "nobody")
            self.assertEqual((unknown.returncode, unknown.stdout), (5, ""))
            print(told.stdout)

    def test_a_caller_that_leaves_is_told_as_such(self) -> None:
        with Martlet(self.text, folder=self.folder) as martlet:
            connection = martlet.connect()
            body = {"model": "endless", "stream": True, "messages": [{"role": "user", "content": "go on"}]}
            headers = {"authorization": f"Bearer {GATEWAY_KEY}", "x-request-id": "left"}
            connection.request("POST", "/v1/chat/completions", json.dumps(body), headers)
            connection.getresponse().read1(100)
            connection.close()
            ended = eventually(lambda: (found := self.record(martlet, "left")) and found["state"] != "running" and found)
            self.assertEqual((ended["state"], ended["status"]), ("cancelled", 499))
            self.assertEqual([entry["code"] for entry in ended["trace"]][-2:], ["client_gone", "ended"])


if __name__ == "__main__":
    unittest.main()
