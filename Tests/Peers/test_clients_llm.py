"""The `llm` command line against Martlet, with models configured as its page says, in front of every dialect."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from click.testing import CliRunner
from harness import GATEWAY_KEY
from llm.cli import cli
from surface_case import ALL_SIDES, SurfaceCase

FORMS = {"chat": False, "responses": True}
TOOL = 'def get_weather(city: str, days: int) -> str:\n    "Tells the weather"\n    return "sunny"\n'


class LLM(SurfaceCase):
    def setUp(self) -> None:
        super().setUp()
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="martlet-llm-")))
        (self.folder / "keys.json").write_text(json.dumps({"martlet": GATEWAY_KEY}))
        entries = []
        for side in ALL_SIDES:
            for form, responses in FORMS.items():
                entries.append(
                    f"- model_id: {form}-{side}\n"
                    f"  model_name: {side}/echo\n"
                    f"  api_base: {self.martlet.url}/v1\n"
                    "  api_key_name: martlet\n"
                    "  supports_tools: true\n"
                    "  supports_schema: true\n" + ("  responses: true\n" if responses else "")
                )
        (self.folder / "extra-openai-models.yaml").write_text("".join(entries))

    def llm(self, *arguments: str) -> str:
        """Runs the command in this process, since starting Python takes longer than all it does."""
        # What a variable says of an OpenAI of the caller's decides nothing here.
        env = {"HOME": str(self.folder), "LLM_USER_PATH": str(self.folder)}
        ended = CliRunner().invoke(cli, arguments, env=env | dict.fromkeys(("OPENAI_API_KEY", "OPENAI_BASE_URL")))
        self.assertEqual(ended.exit_code, 0, ended.output)
        return ended.stdout.strip()

    def test_it_prompts_streams_and_calls_tools(self) -> None:
        for form in FORMS:
            for side in ALL_SIDES:
                with self.subTest(form=form, upstream=side):
                    self.forget()
                    model = f"{form}-{side}"
                    self.assertEqual(self.llm("-m", model, "-s", "Be brief.", "one two"), "You said: one two")
                    received = self.upstream(side).only_request()
                    self.assertIs(received.json["stream"], True)
                    self.assertEqual(self.system_text(side, received), "Be brief.")
                    said = self.llm("-m", model, "--functions", TOOL, "what is the weather")
                    self.assertEqual(said, self.tool_said(side, ("get_weather", "sunny")))

    def test_it_takes_a_schema_and_an_answer_at_once(self) -> None:
        for form in FORMS:
            for side in ALL_SIDES:
                with self.subTest(form=form, upstream=side):
                    said = self.llm("-m", f"{form}-{side}", "--no-stream", "--schema", "title, count int", "plan it")
                    self.assertEqual(json.loads(said), {"title": "plain words", "count": 7})
