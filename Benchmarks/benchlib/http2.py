"""The load of the HTTP/2 lanes: nghttp2's h2load, and what it prints as figures."""

import re
import shutil
import subprocess
import time

from .processes import BenchError, cpu_us
from .targets import KEY

STREAMS = 8              # requests in flight on each connection
MIN_EVENT_BYTES = 150    # of the mock upstream's events; the few short ones at a stream's ends are made up for

REQUESTS = re.compile(
    r"^requests: (\d+) total, (\d+) started, (\d+) done, (\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout",
    re.MULTILINE)
STATUS = re.compile(r"^status codes: (\d+) 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx", re.MULTILINE)
DATA = re.compile(r"^traffic: .*\((\d+)\) data", re.MULTILINE)
FINISHED = re.compile(r"^finished in ([0-9.]+)(us|ms|s|m)", re.MULTILINE)
SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}


def run(bench, lane, target, amount, timeout):
    """Sends `amount` requests over HTTP/2 with TLS; answers the same figures as the load generator for HTTP/1.1."""
    command = [
        shutil.which("h2load"), "--requests", str(amount), "--clients", str(lane.connections), "--max-concurrent-streams",
        str(STREAMS), "--data", str(bench.lane_body(lane)), "--header", "content-type: application/json",
        "--header", f"authorization: Bearer {KEY}", f"https://localhost:{target.port}/v1/chat/completions",
    ]
    watched = cpu_us(target.pids)
    begun = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    child = bench.children.start(
        command, bench.options.load_core, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        output = child.communicate(timeout=timeout)[0].decode(errors="replace")
    except subprocess.TimeoutExpired as error:
        raise BenchError(f"{lane.name} on {target.name}: h2load hangs") from error
    finally:
        bench.children.stop(child)
    wall_us = (time.clock_gettime_ns(time.CLOCK_MONOTONIC) - begun) / 1000
    watched = cpu_us(target.pids) - watched
    found = {"requests": REQUESTS, "status codes": STATUS, "traffic": DATA, "finished": FINISHED}
    for name, pattern in found.items():
        found[name] = pattern.search(output)
        if child.returncode or not found[name]:
            raise BenchError(f"{lane.name} on {target.name}: h2load says no {name}: {output[-500:]}")
    if "Application protocol: h2\n" not in output:
        raise BenchError(f"{lane.name} on {target.name}: HTTP/2 was not agreed on")
    _, _, done, succeeded, failed, errored, timed_out = (int(text) for text in found["requests"].groups())
    good = int(found["status codes"][1])
    # h2load does not count events; the bytes show that they all came.
    whole = int(found["traffic"][1]) >= lane.events * MIN_EVENT_BYTES * amount
    events = lane.events * succeeded if whole else 0
    return {
        "requests": done, "errors": failed + errored, "non_200": done - good, "ended_early": 0, "timed_out": timed_out,
        "events": events, "window_events": events, "watched_cpu_us": watched, "cpu_us": 0.0, "reconnects": 0,
        "wall_s": float(found["finished"][1]) * SECONDS[found["finished"][2]], "started_us": wall_us, "message": "",
    }
