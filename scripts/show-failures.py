#!/usr/bin/env python3
"""Prints what failed in the logs of a test run once more, so that the end of a long output says what to mend.

    show-failures.py LOG …        a part that was not run has no log

Of a Swift test run every line of a failed test; of the peers, fuzzers and agents the lines before each `FAIL`.
"""

import re
import sys
from collections import deque
from pathlib import Path

# ✘ Test "name" recorded an issue … · ↳ its details · error: … of a build
SWIFT = re.compile(r"^(✘|↳|\S+ Test .* (recorded an issue|failed after)|.*\berror: |Fatal error)")
# What a test that ends well prints; the lines between two such lines belong to the later one.
ENDED_WELL = re.compile(r"^ok\b|^\d+ passed, \d+ failed$")
FAILED = re.compile(r"^FAIL\b")
LINES_BEFORE = 40
LINES_IN_ALL = 400


def failures(lines: list[str]):
    before: deque[str] = deque(maxlen=LINES_BEFORE)
    for line in lines:
        if FAILED.match(line):
            yield from before
            yield line
            before.clear()
        elif ENDED_WELL.match(line):
            before.clear()
        elif SWIFT.match(line):
            yield line
        else:
            before.append(line)


def main() -> None:
    shown = 0
    for log in filter(Path.exists, map(Path, sys.argv[1:])):
        for line in failures(log.read_text(errors="replace").splitlines()):
            if shown == 0:
                print("\n== what failed")
            if shown == LINES_IN_ALL:
                print("and more, further up")
                return
            print(f"{log.stem}: {line}")
            shown += 1


if __name__ == "__main__":
    main()
