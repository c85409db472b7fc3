#!/usr/bin/env python3
"""Reads the output of `swift test`, shows what matters of it, and ends with `N passed, N failed`.

Swift Testing's last line counts all tests but not those that failed, so each failure is counted by its own line. Output
that stops before that last line, because the process crashed or was ended, counts as one failure more.
"""

import re
import sys

# ✘ Test "name" failed after … · ✘ Test name() with 3 test cases failed after …
FAILED = re.compile(r"^\S+ Test (?!run with )(.*) failed after [\d.]+ seconds")
PASSED = re.compile(r"^\S+ Test (?!run with )(.*) passed after [\d.]+ seconds")
RUN = re.compile(r"^\S+ Test run with (\d+) tests? in \d+ suites? (passed|failed) after ([\d.]+) seconds")
# Lines that say only that all goes well.
QUIET = re.compile(r"^(◇|↳|✔|Test Suite |\s+Executed 0 tests)|^\S+ (Suite .* started|Test .* started)\.$")


def main() -> int:
    passed, failed, total = 0, 0, None
    for line in sys.stdin:
        line = line.rstrip("\n")
        if match := RUN.match(line):
            total = (total or 0) + int(match[1])
            print(line)
            continue
        if FAILED.match(line):
            failed += 1
        elif PASSED.match(line):
            passed += 1
        if not QUIET.match(line):
            print(line, flush=True)
    if total is None:
        print("the test run ended without a result")
        failed += 1
    else:
        passed = max(total - failed, 0)
    print(f"{passed} passed, {failed} failed")
    return 0 if failed == 0 and passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
