"""The command-line agents as child processes: their settings, their command lines, and what they said at the end.

Each runs in a home of its own, sees none of the caller's environment, and can reach nothing but this machine: a proxy
that does not exist is named for everything that is not on loopback.

    MARTLET_CLAUDE   Claude Code          MARTLET_CODEX   Codex CLI          MARTLET_AIDER   aider
"""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from headless.task import FILE, Task

LIMIT_S = 120
NOWHERE = "http://127.0.0.1:9"


@dataclass
class Run:
    """How a program ended."""

    status: int
    stdout: str
    stderr: str

    def __str__(self) -> str:
        return f"ended with {self.status}\n{self.stdout[-4000:]}\n{self.stderr[-4000:]}"


def claude_code(folder: Path, task: Task, origin: str, key: str, model: str) -> Run:
    """Runs Claude Code without a terminal; it may read and edit files, and nothing else."""
    settings = {
        "ANTHROPIC_BASE_URL": origin,
        "ANTHROPIC_AUTH_TOKEN": key,
        "ANTHROPIC_MODEL": model,
        "ANTHROPIC_SMALL_FAST_MODEL": model,
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    }
    options = ["--output-format", "json", "--allowedTools", "Read,Edit", "--permission-mode", "acceptEdits"]
    return _run(["MARTLET_CLAUDE", "-p", task.prompt, *options], folder, task, settings)


def result_of_claude_code(run: Run) -> dict:
    """The one JSON document it prints."""
    return json.loads(run.stdout.strip().splitlines()[-1])


def codex(folder: Path, task: Task, base_url: str, key: str, model: str) -> Run:
    """Runs Codex without a terminal and without its sandbox, which needs rights that a container may not have."""
    home = folder / "codex"
    home.mkdir()
    (home / "config.toml").write_text(
        f'model = "{model}"\n'
        'model_provider = "martlet"\n'
        'approval_policy = "never"\n'
        'sandbox_mode = "danger-full-access"\n'
        "[model_providers.martlet]\n"
        'name = "Martlet"\n'
        f'base_url = "{base_url}"\n'
        'env_key = "MARTLET_API_KEY"\n'
        'wire_api = "responses"\n'
        "[analytics]\n"
        "enabled = false\n"
    )
    settings = {"CODEX_HOME": str(home), "MARTLET_API_KEY": key}
    return _run(["MARTLET_CODEX", "exec", "--json", "--skip-git-repo-check", task.prompt], folder, task, settings)


def events_of_codex(run: Run) -> list[dict]:
    """The lines of JSON it prints."""
    return [json.loads(line) for line in run.stdout.splitlines() if line.startswith("{")]


def aider(folder: Path, task: Task, settings: dict[str, str], model: str) -> Run:
    """Runs aider for one message about one file."""
    # It fetches a list of models when it has none of today; one that names the model is as good.
    caches = folder / "home" / ".aider" / "caches"
    caches.mkdir(parents=True)
    known = {"max_input_tokens": 100_000, "max_output_tokens": 8_000, "mode": "chat"}
    (caches / "model_prices_and_context_window.json").write_text(json.dumps({model: known}))
    options = (
        "--yes-always --no-git --no-check-update --no-show-release-notes --analytics-disable --no-show-model-warnings "
        "--no-detect-urls --no-pretty --map-tokens 0 --edit-format diff"
    ).split()
    settings = settings | {"LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    command = ["MARTLET_AIDER", "--model", model, "--message", task.prompt, *options, FILE]
    return _run(command, folder, task, settings)


def _run(command: list[str], folder: Path, task: Task, settings: dict[str, str]) -> Run:
    variable, *arguments = command
    home = folder / "home"
    home.mkdir(exist_ok=True)
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "TERM": "dumb",
        "NO_PROXY": "127.0.0.1,localhost",
        "HTTPS_PROXY": NOWHERE,
        "HTTP_PROXY": NOWHERE,
    }
    ended = subprocess.run(
        [os.environ[variable], *arguments],
        env=env | settings,
        cwd=task.folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=LIMIT_S,
        check=False,
    )
    return Run(ended.returncode, ended.stdout.decode(errors="replace"), ended.stderr.decode(errors="replace"))
