"""Compares the verdicts that the unit tests hold Martlet's JSON Schema to with those of the package jsonschema today.

The Swift side of the comparison is SchemaVerdictTests: it reads the same file.
"""

from __future__ import annotations

import json
import sys
import unittest
from pathlib import Path

FIXTURES = Path(__file__).resolve().parents[1] / "MartletWireTests/JSONSchema/Fixtures"
sys.path.insert(0, str(FIXTURES))

import make_verdicts  # noqa: E402


class Verdicts(unittest.TestCase):
    def test_the_committed_verdicts_are_those_of_the_package(self) -> None:
        committed = json.loads(make_verdicts.FILE.read_text())
        made = json.loads(make_verdicts.text())
        self.assertGreater(len(committed), 500)
        self.assertEqual(len(committed), len(made))
        for old, new in zip(committed, made):
            self.assertEqual(old, new)


if __name__ == "__main__":
    unittest.main()
