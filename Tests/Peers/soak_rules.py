"""Decides whether a long run shows a leak or a slowdown; pure arithmetic on what was measured."""

from __future__ import annotations

import statistics
from dataclasses import dataclass

# Growth that is no leak: pages that a peak touched late, tables that settle.
MEMORY_SLACK_KIB = 4096
MEMORY_SLACK_PART = 0.05
DESCRIPTOR_SLACK = 12
# A last minute may be this much slower than the first one: other work on the machine shows here, too.
LATENCY_FACTOR = 2.0
LATENCY_SLACK_MS = {"p50": 3.0, "p99": 40.0}


@dataclass(frozen=True)
class Sample:
    """What a process held at a moment."""

    at: float  # seconds since the load began
    rss_kib: int
    pss_kib: int
    descriptors: int


def slope_per_minute(points: list[tuple[float, float]]) -> float:
    """The median of the slopes between all pairs (Theil-Sen), which single peaks do not move."""
    slopes = [
        60 * (later[1] - earlier[1]) / (later[0] - earlier[0])
        for index, earlier in enumerate(points)
        for later in points[index + 1 :]
        if later[0] > earlier[0]
    ]
    return statistics.median(slopes) if slopes else 0.0


def percentile(values: list[float], part: float) -> float:
    """The value below which a part of all values lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else 0.0


def thirds(samples: list[Sample]) -> tuple[list[Sample], list[Sample]]:
    """The first and the last third."""
    size = max(1, len(samples) // 3)
    return samples[:size], samples[-size:]


def memory_problem(samples: list[Sample]) -> str | None:
    """Says so when memory is larger in the last third than in the first."""
    first, last = thirds(samples)
    for name in ("pss_kib", "rss_kib"):
        begin = statistics.median(getattr(sample, name) for sample in first)
        end = statistics.median(getattr(sample, name) for sample in last)
        allowed = max(MEMORY_SLACK_KIB, MEMORY_SLACK_PART * begin)
        if end - begin > allowed:
            return f"{name[:3].upper()} grew from {begin:.0f} to {end:.0f} KiB; {allowed:.0f} KiB are allowed"
    return None


def descriptor_problem(samples: list[Sample]) -> str | None:
    """Says so when more and more descriptors are open."""
    first, last = thirds(samples)
    begin = max(sample.descriptors for sample in first)
    end = statistics.median(sample.descriptors for sample in last)
    if end > begin + DESCRIPTOR_SLACK:
        return f"open descriptors rose from at most {begin} to {end:.0f}"
    return None


def latency_problem(
    first: list[float], last: list[float], direct: tuple[list[float], list[float]] = ([], [])
) -> str | None:
    """Says so when the last minute was slower than the first one; milliseconds.

    `direct` is what the upstream itself took in both: where that slowed down too, the machine was busy with other work.
    """
    if not first or not last:
        return "no latencies were measured"
    for name, part in (("p50", 0.5), ("p99", 0.99)):
        begin, end = percentile(first, part), percentile(last, part)
        machine = max(1.0, percentile(direct[1], part) / percentile(direct[0], part)) if all(direct) else 1.0
        if end > machine * LATENCY_FACTOR * begin + LATENCY_SLACK_MS[name]:
            return f"{name} rose from {begin:.1f} to {end:.1f} ms; the machine got slower by {machine:.1f}"
    return None
