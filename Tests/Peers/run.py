"""Runs peer suites and prints one line a test, then `N passed, N failed`.

    python run.py MODULE …     for example: python run.py test_openai_sdk

A test whose cases fail in several sub-tests counts once. An error while a class is set up counts every test of the
class as failed: nothing is passed over in silence.
"""

from __future__ import annotations

import faulthandler
import gc
import sys
import time
import unittest
from pathlib import Path

# A test that takes longer hangs: what every thread does is printed, and the run ends.
TEST_LIMIT_S = 180


class Result(unittest.TestResult):
    """Prints as it goes; only what failed is shown with its reason."""

    def __init__(self) -> None:
        super().__init__()
        self.failed: set[str] = set()
        self._started = 0.0

    def startTest(self, test: unittest.TestCase) -> None:
        super().startTest(test)
        self._started = time.monotonic()
        faulthandler.dump_traceback_later(TEST_LIMIT_S, exit=True)

    def stopTest(self, test: unittest.TestCase) -> None:
        super().stopTest(test)
        gc.collect()
        word = "FAIL" if test.id() in self.failed else "ok  "
        print(f"{word} {test.id()} ({time.monotonic() - self._started:.2f} s)", flush=True)

    def addFailure(self, test, err) -> None:
        super().addFailure(test, err)
        self._fail(test, self.failures[-1][1])

    def addError(self, test, err) -> None:
        super().addError(test, err)
        self._fail(test, self.errors[-1][1])

    def addSubTest(self, test, subtest, err) -> None:
        super().addSubTest(test, subtest, err)
        if err is not None:
            self._fail(test, f"{subtest}\n{self._exc_info_to_string(err, test)}")

    def _fail(self, test, reason: str) -> None:
        self.failed.add(test.id())
        print(reason, flush=True)


def main(modules: list[str]) -> int:
    sys.path.insert(0, str(Path(__file__).parent))
    suite = unittest.defaultTestLoader.loadTestsFromNames(modules)
    count = suite.countTestCases()
    result = Result()
    # httpcore closes a stream nobody read to its end when it is collected, under a lock of its pool that the same
    # thread may hold: a collection in the middle of a request then waits for itself. So it is done between tests.
    gc.disable()
    faulthandler.dump_traceback_later(TEST_LIMIT_S, exit=True)  # for what is set up before the first test
    suite.run(result)
    faulthandler.cancel_dump_traceback_later()
    unfinished = count - result.testsRun  # tests of a class that could not be set up
    tests_failed = len([name for name in result.failed if not name.startswith(("setUp", "tearDown"))])
    # A failure outside any test, such as a gateway that does not stop cleanly, is one failure more.
    outside = len(result.failed) - tests_failed
    failed = tests_failed + max(unfinished, outside)
    passed = result.testsRun - tests_failed
    print(f"{passed} passed, {failed} failed", flush=True)
    return 0 if failed == 0 and passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
