#!/usr/bin/env python3
"""Shows that the checkers of this folder find what they are for, and leave alone what they should."""

from __future__ import annotations

import importlib.util
import io
import subprocess
import sys
import tempfile
import unittest
from contextlib import redirect_stdout
from pathlib import Path
from unittest.mock import patch

HERE = Path(__file__).resolve().parent


def load(name: str):
    spec = importlib.util.spec_from_file_location(name.replace("-", "_"), HERE / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


class Tree:
    """A throw-away repository with the given files."""

    def __init__(self, files: dict[str, str]) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self.root = Path(self._folder.name)
        subprocess.run(["git", "init", "--quiet", str(self.root)], check=True)
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def __enter__(self) -> Path:
        return self.root

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()


class Imports(unittest.TestCase):
    def found(self, files: dict[str, str]) -> list[str]:
        with Tree(files) as root:
            return list(load("check-imports").problems(root))

    def test_every_form_of_a_forbidden_import_is_found(self) -> None:
        forms = [
            "import Foundation",
            "internal import Foundation",
            "public import struct Foundation.Data",
            "@preconcurrency import NIOCore",
            "    import MartletServer",
            "@testable import MartletWire",
        ]
        found = self.found({"Sources/MartletCore/A.swift": "\n".join(forms) + "\n"})
        self.assertEqual([line.split(":")[1] for line in found], ["1", "2", "3", "4", "5", "6"])

    def test_arrows_that_go_up_are_left_alone(self) -> None:
        files = {
            "Sources/MartletDialects/A.swift": "public import MartletCore\nimport MartletWire\n// import Foundation\n",
            "Sources/MartletExchange/A.swift": "public import NIOCore\nimport MartletRouting\n",
            "Sources/MartletServer/A.swift": "import NIOHTTP1\nimport MartletExchange\n",
        }
        self.assertEqual(self.found(files), [])

    def test_arrows_that_go_down_are_found(self) -> None:
        files = {
            "Sources/MartletExchange/A.swift": "import NIOPosix\nimport MartletConfig\nimport MartletStore\n",
            "Sources/MartletWire/A.swift": "import MartletCore\n",
            "Sources/Unknown/A.swift": "",
        }
        self.assertEqual(len(self.found(files)), 5)


class Names(unittest.TestCase):
    PRESETS = '{"providers":[{"kind":"acme","short_names":["ac"]},{"kind":"mock"}]}'

    def found(self, swift: str, name: str = "Sources/MartletServer/A.swift") -> list[str]:
        files = {"Sources/MartletProviders/Resources/presets.json": self.PRESETS, name: swift}
        with Tree(files) as root:
            return list(load("check-names").problems(root))

    def test_a_provider_kind_outside_its_place_is_found(self) -> None:
        for text in ('let a = "acme"', 'f("ac")', 'let a = "x\\(f("acme")) y"', 'let a = #"acme"#'):
            self.assertEqual(len(self.found(text + "\n")), 1, text)

    def test_what_only_resembles_a_kind_is_left_alone(self) -> None:
        texts = ['let a = "acme_2"', "// \"acme\"", '/* "acme" */', 'let a = "mock"', 'let a = "say \\"acme\\" now"']
        for text in texts:
            self.assertEqual(self.found(text + "\n"), [], text)
        self.assertEqual(self.found('let a = "acme"  // A family of models, no provider.\n'), [])
        self.assertEqual(self.found('// A family of models, no provider.\nlet a = "acme"\n'), [])
        self.assertEqual(len(self.found('// no provider\n\nlet a = "acme"\n')), 1)
        self.assertEqual(self.found('let a = "acme"\n', "Sources/MartletProviders/A.swift"), [])
        self.assertEqual(self.found('let a = "acme"\n', "Tests/MartletServerTests/A.swift"), [])

    def test_presets_in_an_unknown_form_are_found(self) -> None:
        with Tree({"Sources/MartletProviders/A.swift": "struct Row {}\n"}) as root:
            self.assertEqual(len(list(load("check-names").problems(root))), 1)

    def test_traps_are_found_in_code_only(self) -> None:
        self.assertEqual(len(self.found("let a = try! f()\nfatalError(\"x\")\n")), 2)
        self.assertEqual(self.found("// never try! here, nor fatalError(\nlet a = \"try! fatalError(\"\n"), [])

    def test_an_unchecked_sendable_needs_a_reason(self) -> None:
        bare = "final class A: @unchecked Sendable {}\n"
        self.assertEqual(len(self.found(bare)), 1)
        self.assertEqual(len(self.found("let x = 1\n" + bare)), 1)
        self.assertEqual(self.found("// Guarded by its lock.\n" + bare), [])
        self.assertEqual(self.found(bare.replace("{}", "{}  // immutable")), [])

    def test_a_long_file_needs_a_reason(self) -> None:
        long = "let a = 1\n" * 501
        self.assertEqual(len(self.found(long)), 1)
        self.assertEqual(self.found("// Long because: one table.\n" + long), [])

    def test_a_path_of_one_machine_is_found(self) -> None:
        path = "/ho" + "me/someone/x"
        self.assertEqual(len(self.found(f'let a = "{path}"\n')), 1)
        self.assertEqual(self.found('let a = "/v1/ho" + "me/x"\nlet b = "~/.cache/martlet"\n'), [])


class Counting(unittest.TestCase):
    def count(self, text: str) -> tuple[int, str]:
        module = load("count-swift-tests")
        with patch.object(sys, "stdin", io.StringIO(text)), redirect_stdout(io.StringIO()) as out:
            return module.main(), out.getvalue().splitlines()[-1]

    def test_failures_are_counted_once_a_test(self) -> None:
        text = (
            '✔ Test "one" passed after 0.001 seconds.\n'
            '✘ Test "two" recorded an issue at A.swift:5:48: Expectation failed\n'
            '✘ Test "two" failed after 0.001 seconds with 2 issues.\n'
            "✘ Test cases(n:) with 3 test cases failed after 0.008 seconds with 2 issues.\n"
            "✘ Suite S failed after 0.009 seconds with 4 issues.\n"
            "✘ Test run with 3 tests in 1 suite failed after 0.009 seconds with 4 issues.\n"
        )
        self.assertEqual(self.count(text), (1, "1 passed, 2 failed"))

    def test_a_run_without_an_end_is_a_failure(self) -> None:
        self.assertEqual(self.count('✔ Test "one" passed after 0.1 seconds.\n'), (1, "1 passed, 1 failed"))
        self.assertEqual(self.count(""), (1, "0 passed, 1 failed"))

    def test_a_run_that_holds_is_a_success(self) -> None:
        text = "✔ Test run with 12 tests in 3 suites passed after 0.5 seconds.\n"
        self.assertEqual(self.count(text), (0, "12 passed, 0 failed"))


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    unittest.main(verbosity=0)
