"""The lanes: what is sent, and how a run of the load generator becomes a figure."""

import json
import subprocess
from dataclasses import dataclass, field

from . import http2
from .processes import BenchError, cpu_us, request_status, settled_cpu_us
from .targets import KEY


@dataclass(frozen=True)
class Lane:
    """One kind of load. `amount` is requests, or seconds for paced streams."""

    name: str
    title: str
    mode: str
    kind: str
    size: int
    connections: int
    amount: int
    unit: str = "request"              # what the CPU time is divided by: request or chunk
    figure: str = "cpu_us"             # the figure of the table
    rounds: int = 0                    # 0: as many as the run has
    must: float | None = None          # times nginx
    aim: float | None = None
    extra: tuple = field(default=())   # further options of the load generator
    events: int = 0                    # events in a complete answer
    only: tuple = field(default=())    # the targets it makes sense for; empty: all
    must_us: float | None = None       # microseconds, where nothing is to compare with
    via: str = ""                      # a variant of the target: `tls` to the upstream, or `h2` from the client

    @property
    def needs(self):
        """The programs beside the proxies that it cannot be measured without."""
        return {"tls": ("nginx",), "h2": ("h2load",)}.get(self.via, ())


LANES = (
    Lane("json1k", "1 KB request, JSON answer", "json", "json", 1024, 32, 30000, must=2.2, aim=1.25),
    Lane("json100k", "100 KB request", "json", "json", 100_000, 16, 4000, must=2.5, aim=1.8),
    Lane("json1m", "1 MB request", "json", "json", 1_000_000, 8, 400, rounds=10),
    Lane("burst", "SSE in bursts of 100, per chunk", "burst", "burst-100", 1024, 8, 5000, "chunk", must=1.5, aim=0.6,
         events=103),
    Lane("burst1000", "SSE in bursts of 1,000, per chunk", "burst", "burst-1000", 1024, 8, 500, "chunk", events=1003),
    Lane("burstnull", "SSE in bursts of 100 with usage null, per chunk", "burst", "burstnull-100", 1024, 8, 5000,
         "chunk", events=103),
    Lane("translated", "translated stream (Anthropic upstream), per chunk (5 µs)", "burst", "claude-100", 1024, 8, 2000,
         "chunk", events=104, only=("martlet",), must_us=5),
    Lane("bedrock", "translated stream (Bedrock upstream), per chunk (5 µs)", "burst", "bedrock-100", 1024, 8, 2000,
         "chunk", events=104, only=("martlet",), must_us=5),
    Lane("translatedjson", "1 KB request, JSON answer, translated (Anthropic upstream)", "json", "claude-json", 1024, 32,
         20000, only=("martlet",)),
    Lane("bedrockjson", "1 KB request, JSON answer, translated (Bedrock upstream)", "json", "bedrock-json", 1024, 32,
         20000, only=("martlet",)),
    Lane("tlsjson1k", "TLS to the upstream: 1 KB request, JSON answer", "json", "json", 1024, 32, 20000, via="tls",
         only=("nginx", "martlet")),
    Lane("tlsburst", "TLS to the upstream: SSE in bursts of 100, per chunk", "burst", "burst-100", 1024, 8, 3000,
         "chunk", events=103, via="tls", only=("nginx", "martlet")),
    Lane("h2json1k", "HTTP/2 client: 1 KB request, JSON answer", "h2", "json", 1024, 4, 20000, via="h2",
         only=("nginx", "martlet")),
    Lane("h2burst", "HTTP/2 client: SSE in bursts of 100, per chunk", "h2", "burst-100", 1024, 4, 2000, "chunk",
         events=103, via="h2", only=("nginx", "martlet")),
    Lane("paced", "1,000 paced streams, per chunk", "paced", "paced-75-1000000", 1024, 1000, 5, "chunk",
         must=1.5, aim=1.0),
    Lane("rate", "added p50 at 200 requests/s, 1 KB (direct: its p50)", "rate", "json", 1024, 16, 1000,
         figure="added_p50_us", must=2.0, aim=1.15, extra=("--rate", "200")),
    Lane("cancel", "500 cancels, p99 until the upstream sees it", "cancel", "hold", 1024, 50, 500,
         figure="cancel_p99_us"),
)


def run_load(bench, lane, target, amount, timeout=120, body=None):
    """Runs the load generator once, with the body of the lane or another one; answers its result line."""
    if lane.mode == "h2":
        return http2.run(bench, lane, target, amount, timeout)
    held = lane.mode in ("paced", "idle-streams")
    command = [
        bench.load, lane.mode, "--port", str(target.port), "--body", str(body or bench.lane_body(lane)),
        "--connections", str(lane.connections), "--seconds" if held else "--requests", str(amount),
        "--header", f"Authorization: Bearer {KEY}", "--timeout", str(timeout), *lane.extra,
    ]
    if lane.mode == "cancel":
        command += ["--stats-port", str(bench.upstream_port)]
    for pid in target.pids:
        command += ["--watch-pid", str(pid)]
    child = bench.children.start(
        command, bench.options.load_core, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        output, errors = child.communicate(timeout=timeout + 15)
    except subprocess.TimeoutExpired as error:
        raise BenchError(f"{lane.name} on {target.name}: the load generator hangs") from error
    finally:
        bench.children.stop(child)
    if child.returncode:
        raise BenchError(f"{lane.name} on {target.name}: {errors.decode(errors='replace').strip()}")
    result = json.loads(output)
    result["message"] = errors.decode(errors="replace").strip()
    return result


def upstream_stats(bench):
    """The counters of the mock upstream."""
    status, body = request_status(bench.upstream_port, "GET", "/__stats")
    if status != 200:
        raise BenchError(f"the mock upstream answers {status}")
    return json.loads(body)


def measure(bench, lane, target, amount):
    """One round of a lane on one target: runs it, checks that all of it arrived, answers the figures."""
    target = bench.variant(target, lane.via)
    request_status(bench.upstream_port, "GET", "/__reset")
    before = cpu_us(target.pids)
    upstream_before = cpu_us([bench.upstream.pid])
    result = run_load(bench, lane, target, amount)
    upstream_cpu = cpu_us([bench.upstream.pid]) - upstream_before
    total = settled_cpu_us(target.pids, target.settle_s) - before if target.pids else 0.0
    stats = upstream_stats(bench)
    check(lane, target, amount, result, stats)

    count = result["requests"]
    if lane.unit == "chunk":
        count = result["window_events"]
    # Opening and closing a thousand streams is not part of what a chunk costs.
    cpu = result["watched_cpu_us"] if lane.mode == "paced" else total
    return {
        "cpu_us": cpu / count,
        "window_cpu_us": result["watched_cpu_us"] / count,
        "load_cpu_us": result["cpu_us"] / count,
        "upstream_cpu_us": upstream_cpu / (count if lane.mode != "paced" else max(1, result["events"])),
        "busy_percent": 100 * result["watched_cpu_us"] / max(1.0, result["wall_s"] * 1e6),
        # One of them asked for the statistics. Many mean that a proxy does not keep its connections.
        "upstream_connections": stats["accepted"] - 1,
        "count": count,
        **{name: value for name, value in result.items() if name.endswith("_us") and "cpu" not in name},
        "wall_s": result["wall_s"],
        "reconnects": result["reconnects"],
    }


def check(lane, target, amount, result, stats):
    """A figure counts only if every request was answered, whole, and the upstream saw as many as were sent."""
    wrong = [f"{name} = {result[name]}" for name in ("errors", "non_200", "ended_early", "timed_out") if result[name]]
    expected = lane.connections if lane.mode == "paced" else amount
    if result["requests"] != expected:
        wrong.append(f"{result['requests']} of {expected} requests")
    if lane.events and result["events"] != lane.events * amount:
        wrong.append(f"{result['events']} of {lane.events * amount} events")
    if result.get("cancels_missing"):
        wrong.append(f"{result['cancels_missing']} cancels never reached the upstream")
    if stats["requests"] != expected:
        wrong.append(f"the upstream saw {stats['requests']} of {expected} requests")
    # A gateway may change members of the body, but not lose the prompt.
    if stats["body_bytes"] < expected * (lane.size - 128):
        wrong.append(f"the upstream read {stats['body_bytes']} bytes of bodies")
    if lane.mode == "paced" and result["window_events"] < 0.9 * lane.connections * amount / 0.075:
        wrong.append(f"only {result['window_events']} chunks in {amount} s: not at the pace")
    if wrong:
        raise BenchError(f"{lane.name} on {target.name}: {'; '.join(wrong)} {result['message']}".strip())
