"""What is measured beside the lanes: memory, the time to the first answer, and how cost grows."""

import contextlib
import json
import statistics
import subprocess
import time

from .lanes import LANES, measure
from .processes import BenchError, memory_kib, read_json_line
from .targets import KEY

JSON_1K = next(lane for lane in LANES if lane.name == "json1k")


@contextlib.contextmanager
def open_streams(bench, target, count, size):
    """Holds streams open on a target; inside, all of them had their first event."""
    command = [
        bench.load, "idle-streams", "--port", str(target.port), "--body", str(bench.body("hold", size)),
        "--connections", str(count), "--seconds", "120", "--timeout", "180",
        "--header", f"Authorization: Bearer {KEY}",
    ]
    child = bench.children.start(
        command, bench.options.load_core, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        bufsize=0)
    try:
        mark = read_json_line(child, 60)
        if mark != {"mark": "open", "open": count}:
            raise BenchError(f"{target.name}: {mark.get('open')} of {count} streams opened")
        yield
    finally:
        bench.children.stop(child)


def memory(bench, name, streams):
    """Idle memory of a fresh process, and what each open stream with a 100 KB prompt adds, in KiB."""
    target = bench.start(name)
    try:
        time.sleep(1)
        idle = memory_kib(target.pids)
        with open_streams(bench, target, streams, 100_000):
            time.sleep(1)
            held = memory_kib(target.pids)
        return {
            "idle_kib": idle,
            "open_kib": held,
            "streams": streams,
            "pss_per_stream_kib": (held["Pss"] - idle["Pss"]) / streams,
            "dirty_per_stream_kib": (held["Private_Dirty"] - idle["Private_Dirty"]) / streams,
        }
    finally:
        bench.children.stop(target.child)


def program_us(options, program):
    """Microseconds by name, as a program that times one thing prints them."""
    command = ["taskset", "-c", str(options.proxy_core), program]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
        return json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise BenchError(f"{program}: {error}") from error


def first_answer_ms(bench, name, starts):
    """Milliseconds from exec to the first 200 to a chat request: with an empty data directory, and the median of later
    starts on the same one."""
    data = bench.directory("data") / "store"
    times = []
    for _ in range(starts + 1):
        started = time.monotonic()
        target = bench.start(name, data=data, pause=0.0005)
        times.append((time.monotonic() - started) * 1000)
        bench.children.stop(target.child)
    return {"empty_data_ms": times[0], "median_ms": statistics.median(times[1:]), "starts": starts}


def growth_by_streams(bench, target, counts, rounds, amount):
    """CPU time of a 1 KB request while other streams are open and silent."""
    figures = {count: [] for count in counts}
    for _ in range(rounds):
        for count in counts:
            with open_streams(bench, target, count, 1024):
                figures[count].append(measure(bench, JSON_1K, target, amount)["cpu_us"])
            time.sleep(0.3)
    return {str(count): statistics.median(values) for count, values in figures.items()}


def growth_by_models(bench, counts, rounds, amount):
    """CPU time of a 1 KB request, memory and start of a gateway with few and with many configured models."""
    targets, result = {}, {}
    try:
        for count in counts:
            started = time.monotonic()
            targets[count] = bench.start("martlet", models=count, pause=0.0005)
            result[str(count)] = {"first_answer_ms": (time.monotonic() - started) * 1000, "rounds": []}
        for _ in range(rounds):
            for count, target in targets.items():
                result[str(count)]["rounds"].append(measure(bench, JSON_1K, target, amount)["cpu_us"])
        for count, target in targets.items():
            entry = result[str(count)]
            entry["cpu_us"] = statistics.median(entry.pop("rounds"))
            entry["pss_kib"] = memory_kib(target.pids)["Pss"]
    finally:
        for target in targets.values():
            bench.children.stop(target.child)
    return result
