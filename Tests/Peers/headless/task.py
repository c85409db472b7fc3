"""The task that the agents are given, and the scripted model's way through it, whatever the dialect.

The file holds a line `word = …`. The model reads the file with a tool of the agent, takes the word from what the tool
answered, and has the file changed to the same word in capitals. As the word differs from run to run, the file can only
come out right when what the agent read has reached the model, and when the model's calls have reached the agent.
"""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path

FILE = "note.txt"
DONE = "The word is in capitals now."
SMALL_TALK = "A word in capitals"
LOST = "I was told something else than I expected."

_LINE = re.compile(r"\bword = (\w+)")
_PATH = re.compile(r"Read the file (\S+)")


@dataclass
class Call:
    """One call of a tool: its input is an object, or the text of a tool that takes free text."""

    name: str
    input: dict | str
    namespace: str | None = None
    id: str = ""
    result: str | None = None  # None: not answered yet


@dataclass
class Conversation:
    """What the model is shown, in words that no dialect owns."""

    prompt: str  # all that the user and the system say
    tools: dict[str, Tool] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)

    def answer(self, id: str, result: str) -> None:
        """Notes what a tool answered; a result without its call is a KeyError."""
        {call.id: call for call in self.calls}[id].result = result


@dataclass
class Tool:
    name: str
    schema: dict = field(default_factory=dict)
    takes_text: bool = False
    namespace: str | None = None

    @property
    def members(self) -> dict:
        return self.schema.get("properties", {})


@dataclass
class Step:
    """What the model does next: says something, calls a tool, or both."""

    text: str = ""
    call: Call | None = None


class Task:
    """A folder with the file, and what must come of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.word = "quince" + secrets.token_hex(4)
        self.file = folder / FILE
        self.file.write_text(f"A note.\n\nword = {self.word}\n\nThat is all.\n")
        self.prompt = f"Read the file {self.file} and put the word in it in capitals."
        self.wanted = f"A note.\n\nword = {self.word.upper()}\n\nThat is all.\n"

    @property
    def is_done(self) -> bool:
        return self.file.read_text() == self.wanted


def next_step(conversation: Conversation) -> Step:
    """Decides what the model does, from the tools that are offered and what they answered so far."""
    path = _PATH.search(conversation.prompt)
    if path is None:
        return Step(SMALL_TALK)
    if {"Read", "Edit"} <= conversation.tools.keys():
        return _by_read_and_edit(conversation, path[1])
    if shell := _shell(conversation):
        return _by_shell(conversation, shell, path[1])
    if "SEARCH" in conversation.prompt and (line := _LINE.search(conversation.prompt)):
        return Step(_search_and_replace(line[1]))
    return Step(SMALL_TALK)


def _by_read_and_edit(conversation: Conversation, path: str) -> Step:
    answered = {call.name: call.result for call in conversation.calls if call.result is not None}
    if "Edit" in answered:
        return Step(DONE)
    if "Read" not in answered:
        return Step("I read it first.", Call("Read", {"file_path": path}))
    line = _LINE.search(answered["Read"])
    if line is None:
        return Step(LOST)
    change = {"file_path": path, "old_string": line[0], "new_string": f"word = {line[1].upper()}"}
    return Step(call=Call("Edit", change))


def _shell(conversation: Conversation) -> Tool | None:
    names = ("exec_command", "shell_command", "shell", "local_shell")
    return next((conversation.tools[name] for name in names if name in conversation.tools), None)


def _by_shell(conversation: Conversation, shell: Tool, path: str) -> Step:
    results = [call.result for call in conversation.calls if call.result is not None]
    if not results:
        return Step("I read it first.", _run(shell, f"cat {path}"))
    line = _LINE.search(results[0])
    if line is None:
        return Step(LOST)
    if len(results) > 1:
        return Step(DONE)
    patch = "\n".join(
        [
            "*** Begin Patch",
            f"*** Update File: {Path(path).name}",
            "@@",
            f"-{line[0]}",
            f"+word = {line[1].upper()}",
            "*** End Patch",
            "",
        ]
    )
    if tool := conversation.tools.get("apply_patch"):
        return Step(call=Call(tool.name, patch if tool.takes_text else {"input": patch}, tool.namespace))
    return Step(call=_run(shell, f"sed -i 's/{line[0]}/word = {line[1].upper()}/' {path}"))


def _run(shell: Tool, command: str) -> Call:
    if "cmd" in shell.members:
        value: dict = {"cmd": command}
    elif shell.members.get("command", {}).get("type") == "array":
        value = {"command": ["bash", "-lc", command]}
    else:
        value = {"command": command}
    return Call(shell.name, value, shell.namespace)


def _search_and_replace(word: str) -> str:
    block = ["<<<<<<< SEARCH", f"word = {word}", "=======", f"word = {word.upper()}", ">>>>>>> REPLACE"]
    return "\n".join(["The word goes into capitals:", "", FILE, "```", *block, "```", ""])


def dump(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def pieces(text: str, size: int = 16) -> list[str]:
    """Cuts a text as a stream would."""
    return [text[start : start + size] for start in range(0, len(text), size)]
