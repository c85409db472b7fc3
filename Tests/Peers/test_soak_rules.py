"""The rules of the long run find what they are for, and nothing in a steady process."""

from __future__ import annotations

import random
import unittest

from soak_rules import Sample, descriptor_problem, latency_problem, memory_problem, slope_per_minute


def samples(grows_kib_s: float = 0.0, descriptors_s: float = 0.0, seed: int = 1) -> list[Sample]:
    """Ten minutes of a process of 60 MiB whose memory jumps about by a MiB."""
    noise = random.Random(seed)
    return [
        Sample(at, *[int(61440 + grows_kib_s * at + noise.uniform(-512, 512))] * 2, int(40 + descriptors_s * at))
        for at in range(0, 600, 2)
    ]


class Rules(unittest.TestCase):
    def test_a_steady_process_passes(self) -> None:
        for seed in range(20):
            steady = samples(seed=seed)
            self.assertIsNone(memory_problem(steady))
            self.assertIsNone(descriptor_problem(steady))
            self.assertLess(abs(slope_per_minute([(s.at, s.pss_kib) for s in steady])), 20)

    def test_a_hundred_bytes_a_request_are_found(self) -> None:
        # 150 requests a second.
        self.assertIn("PSS grew", memory_problem(samples(grows_kib_s=0.1 * 150)) or "")

    def test_a_descriptor_every_five_seconds_is_found(self) -> None:
        self.assertIn("descriptors rose", descriptor_problem(samples(descriptors_s=0.2)) or "")

    def test_a_slower_end_is_found(self) -> None:
        quick = [2.0 + index % 5 for index in range(200)]
        self.assertIsNone(latency_problem(quick, quick))
        self.assertIn("p50", latency_problem(quick, [3 * value + 4 for value in quick]) or "")
        self.assertIn("p99", latency_problem(quick, quick[:190] + [200.0] * 10) or "")
        self.assertIsNotNone(latency_problem([], quick))

    def test_a_machine_that_got_slower_is_taken_into_account(self) -> None:
        quick = [2.0 + index % 5 for index in range(200)]
        slow = [4 * value for value in quick]
        self.assertIsNotNone(latency_problem(quick, slow, (quick, quick)))
        self.assertIsNone(latency_problem(quick, slow, (quick, slow)))

    def test_the_slope_is_the_one_that_was_put_in(self) -> None:
        self.assertAlmostEqual(slope_per_minute([(s.at, s.pss_kib) for s in samples(2.0)]), 120, delta=6)


if __name__ == "__main__":
    unittest.main()
