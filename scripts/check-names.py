#!/usr/bin/env python3
"""Rules about the text of the source that neither the compiler nor the formatter knows.

    scripts/check-names.py [ROOT]     prints file:line for each finding

- A provider's kind is written in MartletProviders only: elsewhere in Sources no string literal equals one, unless a
  comment on its line or the line above says that it is `no provider` (a family of models, say).
- No `try!`, and no `fatalError(`, in Swift; `@unchecked Sendable` has a comment on its line or the line above.
- No file is longer than 500 lines, unless one of its first ten says `Long because: …`.
- No path of one person's machine in any tracked text.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

MAX_LINES = 500
# The built-in model that calls nobody: a name on the wire of its own, not a vendor's.
FREE_KINDS = {"mock"}
# Spelled in parts, so that this file does not find itself. Tests may invent users with names of one letter.
MACHINE_PATH = re.compile(r"(?<![\w.~$}/-])/(?:(?:ho" + r"me|Us" + r"ers)/\w\w|(?:ro" + r"ot|wo" + r"rk)/\w)")
NO_PROVIDER = re.compile(r"//.*\bno provider\b")
KIND_IN_SWIFT = re.compile(r'\bkind:\s*"([a-z0-9_]+)"')


class Swift:
    """Splits Swift text into code, comments and string literals, line by line."""

    def __init__(self, text: str) -> None:
        self.code: list[str] = [""]
        self.has_comment: list[bool] = [False]
        self.literals: list[tuple[int, str]] = []  # line number from 1, content
        self._text = text
        self._scan(0, ends_at_paren=False)

    def _emit(self, character: str) -> None:
        if character == "\n":
            self._new_line()
        else:
            self.code[-1] += character

    def _new_line(self) -> None:
        self.code.append("")
        self.has_comment.append(False)

    def _scan(self, index: int, ends_at_paren: bool) -> int:
        """Reads code; inside an interpolation it ends at the parenthesis that closes it."""
        text, depth = self._text, 0
        while index < len(text):
            if text.startswith("//", index):
                self.has_comment[-1] = True
                end = text.find("\n", index)
                index = len(text) if end < 0 else end
            elif text.startswith("/*", index):
                end = text.find("*/", index + 2)
                end = len(text) if end < 0 else end + 2
                for character in text[index:end]:
                    self.has_comment[-1] = True
                    if character == "\n":
                        self._new_line()
                index = end
            elif match := re.compile(r'(#*)("""|")').match(text, index):
                index = self._string(match.end(), match[1], match[2])
            else:
                character = text[index]
                depth += (character == "(") - (character == ")")
                if ends_at_paren and depth < 0:
                    return index + 1
                self._emit(character)
                index += 1
        return index

    def _string(self, index: int, hashes: str, quote: str) -> int:
        """Reads a literal after its opening quote; what is interpolated is code again."""
        text, line, content = self._text, len(self.code), ""
        close, escape = quote + hashes, "\\" + hashes
        while index < len(text) and not text.startswith(close, index):
            if text.startswith(escape + "(", index):
                index = self._scan(index + len(escape) + 1, ends_at_paren=True)
                content += "\\()"
            elif text.startswith(escape, index):
                content += text[index : index + len(escape) + 1]
                index += len(escape) + 1
            else:
                if text[index] == "\n":
                    self._new_line()
                content += text[index]
                index += 1
        self.literals.append((line, content))
        return index + len(close)


def provider_kinds(root: Path) -> set[str]:
    """Collects the kinds and short names that MartletProviders declares."""
    folder = root / "Sources/MartletProviders"
    kinds: set[str] = set()
    for file in folder.rglob("presets.json"):
        for row in json.loads(file.read_text())["providers"]:
            kinds |= {row["kind"], *row.get("short_names", [])}
    for file in folder.rglob("*.swift"):
        kinds |= set(KIND_IN_SWIFT.findall(file.read_text()))
    return kinds - FREE_KINDS


def tracked_files(root: Path) -> list[Path]:
    command = ["git", "-C", str(root), "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\0")
    return sorted(path for name in names if name and (path := root / name).is_file())


def problems(root: Path) -> Iterator[str]:
    """Yields one line of text for each finding."""
    kinds = provider_kinds(root)
    if (root / "Sources/MartletProviders").is_dir() and not kinds:
        yield "Sources/MartletProviders:1: no provider kind was found; has the form of the presets changed?"
    for path in tracked_files(root):
        name = path.relative_to(root)
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        lines = text.splitlines()
        if path.suffix in {".swift", ".py", ".c", ".h", ".sh"} and len(lines) > MAX_LINES:
            if not any("Long because:" in line for line in lines[:10]):
                yield f"{name}:{MAX_LINES + 1}: {len(lines)} lines; split it, or say 'Long because: …' at its top"
        if name.parts[:2] != ("Fuzz", "Corpus"):
            for number, line in enumerate(lines, 1):
                if MACHINE_PATH.search(line):
                    yield f"{name}:{number}: a path of one machine"
        if path.suffix == ".swift":
            is_provider_free = name.parts[0] == "Sources" and name.parts[1] != "MartletProviders"
            yield from swift_problems(name, lines, Swift(text), kinds if is_provider_free else set())


def swift_problems(name: Path, lines: list[str], swift: Swift, kinds: set[str]) -> Iterator[str]:
    for number, content in swift.literals:
        if content in kinds and not any(NO_PROVIDER.search(line) for line in lines[max(0, number - 2) : number]):
            yield f'{name}:{number}: the provider kind "{content}" is known to MartletProviders only'
    for number, code in enumerate(swift.code, 1):
        if re.search(r"\btry!", code):
            yield f"{name}:{number}: try!"
        if re.search(r"\bfatalError\(", code):
            yield f"{name}:{number}: fatalError("
        if "@unchecked Sendable" in code:
            above = number >= 2 and swift.has_comment[number - 2]
            if not (swift.has_comment[number - 1] or above):
                yield f"{name}:{number}: @unchecked Sendable without a comment that says why it is safe"


def main() -> int:
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[1]
    found = list(problems(root))
    print(*found, sep="\n", end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
