"""Command-line agents, headless, through Martlet: each reads a file and edits it.

The models are scripted; see `headless/task.py`. Every agent works with an upstream of its own dialect and with one of
another, and first with the scripted model itself, so that what the other tests rest on is what the agent expects.
"""

from __future__ import annotations

import tempfile
import unittest
from pathlib import Path

from headless.chat import AgentChat
from headless.messages import AgentMessages
from headless.programs import Run, aider, claude_code, codex, events_of_codex, result_of_claude_code
from headless.responses import AgentResponses
from headless.server import AgentUpstream
from headless.task import DONE, Task
from harness import GATEWAY_KEY, Martlet

UPSTREAM_KEY = "upstream-key-never-shown-to-agents"
# Codex knows this model, and gives it a tool for patches that takes free text; a model it does not know edits by shell.
KNOWN = "gpt-5.5"

ACCOUNTS = {"claude": "anthropic", "chat": "openai_compatible"}


class AgentCase(unittest.TestCase):
    """The scripted models, one gateway in front of them, and a folder for each test.

    A model is called as the account it is reached through, `claude` or `chat`.
    """

    @classmethod
    def setUpClass(cls) -> None:
        cls.upstreams: dict[str, AgentUpstream] = {
            "claude": cls.enterClassContext(AgentMessages()),
            "chat": cls.enterClassContext(AgentChat()),
        }
        env = {"UPSTREAM_KEY": UPSTREAM_KEY}
        cls.martlet = cls.enterClassContext(Martlet(cls.configuration(), env))

    @classmethod
    def configuration(cls) -> str:
        lines = ["version = 1"]
        for name, kind in ACCOUNTS.items():
            lines += [
                f"[gateway.providers.{name}]",
                f'type = "{kind}"',
                f'base_url = "{cls.upstreams[name].base_url}"',
                'api_key_location = "env::UPSTREAM_KEY"',
            ]
            lines += _model(f"{name}/agent", name, "agent") + _model(f"{name}/{KNOWN}", name, KNOWN)
        # Codex looks at the whole name, so the name it knows leads to one upstream only.
        return "\n".join(lines + _model(KNOWN, "chat", KNOWN)) + "\n"

    def setUp(self) -> None:
        for upstream in self.upstreams.values():
            upstream.forget()
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="martlet-agent-")))
        work = self.folder / "work"
        work.mkdir()
        self.task = Task(work)

    def assert_done(self, run: Run, upstream: AgentUpstream, turns: int) -> None:
        self.assertEqual(run.status, 0, run)
        self.assertTrue(self.task.is_done, f"{self.task.file.read_text()}\n{run}")
        self.assertEqual(len(upstream.asked), turns, [received.path for received in upstream.received])
        for received in upstream.asked:
            sent = " ".join(received.headers.values())
            self.assertNotIn(GATEWAY_KEY, sent, "the caller's key must stay here")


def _model(name: str, account: str, upstream_model: str) -> list[str]:
    target = [f'[models."{name}".providers.{account}]', f'model_name = "{upstream_model}"']
    return [f'[models."{name}"]', f'routing = ["{account}"]', *target]


class ClaudeCode(AgentCase):
    def work(self, origin: str, key: str, model: str) -> Run:
        return claude_code(self.folder, self.task, origin, key, model)

    def assert_said(self, run: Run) -> None:
        result = result_of_claude_code(run)
        self.assertEqual((result["is_error"], result["result"]), (False, DONE), run)
        self.assertEqual((result["num_turns"], result["permission_denials"]), (3, []))
        self.assertGreater(result["usage"]["output_tokens"], 0)

    def test_it_works_with_the_scripted_model_itself(self) -> None:
        upstream = self.upstreams["claude"]
        run = self.work(upstream.root_url, UPSTREAM_KEY, "agent")
        self.assert_done(run, upstream, turns=3)
        self.assert_said(run)

    def test_it_edits_a_file_with_a_model_of_its_own_dialect(self) -> None:
        upstream = self.upstreams["claude"]
        run = self.work(self.martlet.url, GATEWAY_KEY, "claude/agent")
        self.assert_done(run, upstream, turns=3)
        self.assert_said(run)
        for received in upstream.asked:
            self.assertEqual(received.headers["x-api-key"], UPSTREAM_KEY)
            self.assertIn("claude-code-20250219", received.headers["anthropic-beta"])
            self.assertEqual(received.headers["anthropic-version"], "2023-06-01")
            self.assertIn("context_management", received.json)

    def test_it_edits_a_file_with_a_model_of_another_dialect(self) -> None:
        upstream = self.upstreams["chat"]
        run = self.work(self.martlet.url, GATEWAY_KEY, "chat/agent")
        self.assert_done(run, upstream, turns=3)
        self.assert_said(run)
        for received in upstream.asked:
            self.assertEqual([name for name in received.headers if name.startswith("anthropic-")], [])
            unknown = {"context_management", "output_config", "thinking", "system"} & received.json.keys()
            self.assertEqual(unknown, set())


class Codex(AgentCase):
    def work(self, base_url: str, key: str, model: str) -> Run:
        return codex(self.folder, self.task, base_url, key, model)

    def assert_said(self, run: Run) -> None:
        events = events_of_codex(run)
        self.assertEqual(events[-1]["type"], "turn.completed", run)
        self.assertGreater(events[-1]["usage"]["output_tokens"], 0)
        said = [event["item"]["text"] for event in events if event.get("item", {}).get("type") == "agent_message"]
        self.assertEqual(said[-1], DONE)
        kinds = {event["item"]["type"] for event in events if event["type"] == "item.completed"}
        self.assertIn("command_execution", kinds)

    def test_it_works_with_the_scripted_model_itself(self) -> None:
        for model in ("agent", KNOWN):
            with self.subTest(model=model):
                self.setUp()
                with AgentResponses() as upstream:
                    run = self.work(upstream.base_url, UPSTREAM_KEY, model)
                    self.assert_done(run, upstream, turns=3)
                self.assert_said(run)

    def test_it_edits_a_file_with_a_model_of_either_dialect(self) -> None:
        for side, upstream in self.upstreams.items():
            with self.subTest(upstream=side):
                self.setUp()
                run = self.work(f"{self.martlet.url}/v1", GATEWAY_KEY, f"{side}/agent")
                self.assert_done(run, upstream, turns=3)
                self.assert_said(run)

    def test_it_edits_a_file_with_a_provider_of_its_own_dialect(self) -> None:
        with AgentResponses() as upstream:
            account = ["[gateway.providers.vendor]", 'type = "openai"', f'base_url = "{upstream.base_url}"']
            lines = ["version = 1", *account, 'api_key_location = "env::UPSTREAM_KEY"']
            for model in ("agent", KNOWN):
                lines += _model(model, "vendor", model)
            with Martlet("\n".join(lines) + "\n", {"UPSTREAM_KEY": UPSTREAM_KEY}) as martlet:
                for model in ("agent", KNOWN):
                    with self.subTest(model=model):
                        self.setUp()
                        upstream.forget()
                        run = self.work(f"{martlet.url}/v1", GATEWAY_KEY, model)
                        self.assert_done(run, upstream, turns=3)
                        self.assert_said(run)

    def test_it_patches_a_file_by_a_tool_that_takes_free_text(self) -> None:
        run = self.work(f"{self.martlet.url}/v1", GATEWAY_KEY, KNOWN)
        self.assert_done(run, self.upstreams["chat"], turns=3)
        self.assert_said(run)
        changes = [event for event in events_of_codex(run) if event.get("item", {}).get("type") == "file_change"]
        self.assertTrue(changes, run)


class Aider(AgentCase):
    def work(self, dialect: str, origin: str, key: str, model: str) -> Run:
        if dialect == "openai":
            settings = {"OPENAI_API_BASE": f"{origin}/v1", "OPENAI_API_KEY": key}
        else:
            settings = {"ANTHROPIC_API_BASE": origin, "ANTHROPIC_API_KEY": key}
        return aider(self.folder, self.task, settings, f"{dialect}/{model}")

    def test_it_works_with_the_scripted_model_itself(self) -> None:
        upstream = self.upstreams["chat"]
        self.assert_done(self.work("openai", upstream.root_url, UPSTREAM_KEY, "agent"), upstream, turns=1)

    def test_it_edits_a_file_in_either_dialect_with_a_model_of_either(self) -> None:
        for dialect in ("openai", "anthropic"):
            for side, upstream in self.upstreams.items():
                with self.subTest(dialect=dialect, upstream=side):
                    self.setUp()
                    run = self.work(dialect, self.martlet.url, GATEWAY_KEY, f"{side}/agent")
                    self.assert_done(run, upstream, turns=1)


if __name__ == "__main__":
    unittest.main()
