#!/usr/bin/env python3
"""Builds and runs the fuzzers with libFuzzer and the address sanitizer. Ends with `N passed, N failed`.

    scripts/fuzz.py [NAME …]     default: all
    FUZZ_SECONDS                 for each fuzzer, default 10: other inputs in every run
    FUZZ_INPUTS                  or so many made-up inputs for each fuzzer: the same in every run

A fuzzer is a file Fuzz/NAMEFuzz.swift with one `@_cdecl("LLVMFuzzerTestOneInput")` function. It sees all of MartletWire,
internals too, and may import other targets that need no outside package; they are compiled with the sanitizers. A line
`// Sources: PATH PATH` adds single files of any target to the fuzzer's own module.

Inputs worth keeping stand in Fuzz/Corpus/name, in lower case. Every run reads them all before it makes up its own. What
a run finds on the way stays in .build/fuzz/corpus, what breaks it in .build/fuzz/crashes.
"""

from __future__ import annotations

import hashlib
import os
import re
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / ".build/fuzz"
ALWAYS_SEEN = "MartletWire"
# The language settings of Package.swift; warnings stay warnings here.
LANGUAGE = ["-swift-version", "6"] + [
    flag
    for feature in (
        "ExistentialAny",
        "InternalImportsByDefault",
        "MemberImportVisibility",
        "NonisolatedNonsendingByDefault",
    )
    for flag in ("-enable-upcoming-feature", feature)
]
HEADERS = ["-I", str(ROOT / "Sources/CMartletBytes/include")]
FLAGS = ["-O", "-g", "-wmo", "-sanitize=fuzzer,address", "-parse-as-library", "-suppress-warnings", *HEADERS, *LANGUAGE]
IMPORT = re.compile(r"^\s*(?:@\w+\s+)*(?:(?:public|package|internal|private)\s+)?import\s+(Martlet\w+)", re.MULTILINE)
ONE_INPUT_LIMIT_S = 10
MEMORY_LIMIT_MB = 2048
HANG_LIMIT_S = 60
# A run of a given number of inputs, on a machine that does other things, too.
REPEATED_LIMIT_S = 300


class Broken(Exception):
    """A fuzzer that cannot be built or run; the text says why."""


@dataclass
class Module:
    """One target of Sources, compiled with the sanitizers."""

    name: str
    files: list[Path]
    needs: list[Module] = field(default_factory=list)
    stamp: str = ""

    @property
    def object(self) -> Path:
        return BUILD / f"{self.name}.o"


def read(files: list[Path]) -> str:
    return "\n".join(file.read_text() for file in files)


def compile_swift(name: str, arguments: list[str], stamp: str) -> None:
    """Runs swiftc unless its inputs are those of the last time."""
    mark = BUILD / f"{name}.stamp"
    if mark.exists() and mark.read_text() == stamp:
        return
    mark.unlink(missing_ok=True)
    # The compiler leaves parts of a module in the folder it runs in.
    done = subprocess.run(["swiftc", *FLAGS, *arguments], capture_output=True, text=True, cwd=BUILD)
    if done.returncode != 0:
        lines = [line for line in (done.stdout + done.stderr).splitlines() if "ld.gold: warning" not in line]
        raise Broken("\n".join([f"{name} does not compile:", *lines[:60]]))
    mark.write_text(stamp)


def digest(parts: list[str]) -> str:
    return hashlib.sha256("\0".join([*FLAGS, *parts]).encode()).hexdigest()


class Modules:
    """The targets that fuzzers import, each compiled once, after those it imports itself."""

    def __init__(self) -> None:
        self._known: dict[str, Module] = {}

    def need(self, text: str) -> list[Module]:
        """Compiles the targets that a text imports and returns them with all that they need, each once."""
        ordered: dict[str, Module] = {}
        for name in dict.fromkeys(IMPORT.findall(text)):
            module = self._compiled(name)
            for one in (*module.needs, module):
                ordered[one.name] = one
        return list(ordered.values())

    def _compiled(self, name: str) -> Module:
        if name in self._known:
            return self._known[name]
        files = sorted((ROOT / "Sources" / name).rglob("*.swift"))
        if not files:
            raise Broken(f"there is no target {name}")
        text = read(files)
        module = Module(name, files)
        module.needs = self.need(text)
        module.stamp = digest([text, *(need.stamp for need in module.needs)])
        interface = BUILD / f"{name}.swiftmodule"
        # Testable, so that a fuzzer can reach an internal type by `@testable import`.
        how = ["-enable-testing", "-module-name", name, "-emit-module", "-emit-module-path", str(interface)]
        where = ["-emit-object", "-o", str(module.object), "-I", str(BUILD)]
        compile_swift(name, [*how, *where, *map(str, files)], module.stamp)
        self._known[name] = module
        return module


def execute(command: list[str], limit_s: float, log: Path) -> str:
    """Runs a fuzzer and returns what it printed; one that fails or does not end in time is broken."""
    # libFuzzer reports a crash itself; together with Swift's crash report, which runs in a second process, it has hung.
    env = os.environ | {"SWIFT_BACKTRACE": "enable=no"}
    with log.open("w") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, env=env, start_new_session=True)
        try:
            code = process.wait(limit_s)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            code = None
    output = log.read_text(errors="replace")
    if code != 0:
        end = f"did not end within {limit_s} s" if code is None else f"ended with {code}"
        raise Broken("\n".join([f"it {end}; its last lines:", *output.splitlines()[-40:]]))
    return output


@dataclass
class Fuzzer:
    name: str
    file: Path

    @property
    def corpus(self) -> Path:
        folder = ROOT / "Fuzz/Corpus" / self.name
        if not folder.is_dir() or not any(folder.iterdir()):
            raise Broken(f"{folder.relative_to(ROOT)} holds no inputs")
        return folder

    def sources(self) -> list[Path]:
        """Returns the files of the fuzzer's own module."""
        lines = re.findall(r"^// Sources: (.+)$", self.file.read_text(), re.MULTILINE)
        files = []
        for path in " ".join(lines).split():
            matches = sorted(ROOT.glob(path))
            if not matches:
                raise Broken(f"there is no file {path}")
            files += matches
        return [self.file, *files]

    def build(self, modules: Modules) -> Path:
        files = self.sources()
        text = read(files)
        needs = modules.need(f"import {ALWAYS_SEEN}\n{text}")
        program = BUILD / f"fuzz-{self.name}"
        stamp = digest([text, *(need.stamp for need in needs)])
        seen = ["-Xfrontend", "-testable-import-module", "-Xfrontend", ALWAYS_SEEN, "-I", str(BUILD)]
        inputs = [*map(str, files), *(str(need.object) for need in needs)]
        compile_swift(program.name, ["-module-name", "Fuzzed", *seen, *inputs, "-o", str(program)], stamp)
        return program

    def run(self, modules: Modules, seconds: int, made_up: int | None) -> str:
        """Runs the fuzzer and returns how much it did.

        Args:
            seconds: How long it may look for inputs of its own.
            made_up: How many it tries instead, by the same numbers in every run; what earlier runs found is not read.
        """
        corpus = self.corpus
        program = self.build(modules)
        inputs = sum(1 for _ in corpus.iterdir())
        found, crashes = BUILD / "corpus" / self.name, BUILD / "crashes"
        found.mkdir(parents=True, exist_ok=True)
        crashes.mkdir(exist_ok=True)
        limits = [f"-timeout={ONE_INPUT_LIMIT_S}", f"-rss_limit_mb={MEMORY_LIMIT_MB}", "-print_final_stats=1"]
        limits.append(f"-artifact_prefix={crashes}/{self.name}-")
        log = BUILD / f"{self.name}.log"
        if made_up is None:
            limits.append(f"-max_total_time={seconds}")
            output = execute([str(program), *limits, str(found), str(corpus)], seconds + HANG_LIMIT_S, log)
        else:
            limits += ["-seed=1", f"-runs={inputs + made_up}"]
            # What it finds goes to the first folder.
            with tempfile.TemporaryDirectory() as nowhere:
                output = execute([str(program), *limits, nowhere, str(corpus)], REPEATED_LIMIT_S, log)
        executed = re.search(r"number_of_executed_units:\s*(\d+)", output)
        if executed is None or int(executed[1]) < inputs:
            raise Broken(f"it did not try its kept inputs:\n{output}")
        return f"{executed[1]} inputs, {inputs} of them kept"


def fuzzers() -> list[Fuzzer]:
    return [
        Fuzzer(file.stem.removesuffix("Fuzz").lower(), file) for file in sorted((ROOT / "Fuzz").glob("*Fuzz.swift"))
    ]


def main(names: list[str]) -> int:
    seconds = int(os.environ.get("FUZZ_SECONDS", "10"))
    made_up = int(os.environ["FUZZ_INPUTS"]) if "FUZZ_INPUTS" in os.environ else None
    BUILD.mkdir(parents=True, exist_ok=True)
    modules = Modules()
    passed = failed = 0
    all_fuzzers = fuzzers()
    if not all_fuzzers:
        print("FAIL there is no file Fuzz/NAMEFuzz.swift")
        failed += 1
    for name in set(names) - {fuzzer.name for fuzzer in all_fuzzers}:
        print(f"FAIL there is no fuzzer {name}")
        failed += 1
    for fuzzer in all_fuzzers:
        if names and fuzzer.name not in names:
            continue
        try:
            print(f"ok   {fuzzer.name}: {fuzzer.run(modules, seconds, made_up)}", flush=True)
            passed += 1
        except Broken as problem:
            print(f"FAIL {fuzzer.name}: {problem}", flush=True)
            failed += 1
    print(f"{passed} passed, {failed} failed")
    return 0 if failed == 0 and passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
