"""Compares the frames that the unit tests hold Martlet's parser to with what botocore says of them today.

The Swift side of the comparison is AWSEventStreamTests: it reads the same file.
"""

from __future__ import annotations

import json
import sys
import unittest
from pathlib import Path

FIXTURES = Path(__file__).resolve().parents[1] / "MartletWireTests/AWSEventStream/Fixtures"
sys.path.insert(0, str(FIXTURES))

import make_frames  # noqa: E402


class Frames(unittest.TestCase):
    def test_the_committed_verdicts_are_those_of_botocore(self) -> None:
        committed = json.loads(make_frames.FILE.read_text())
        self.assertGreater(len(committed), 600)
        self.assertEqual(committed, json.loads(make_frames.text()))


if __name__ == "__main__":
    unittest.main()
