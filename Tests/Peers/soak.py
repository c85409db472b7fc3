"""Mixed load on two gateways, one in clear and one with TLS, for as long as one likes; fails on a leak or a slowdown.

    python soak.py [SECONDS]     default 600

Whole answers, streams, streams that are left, errors, broken upstreams and large bodies, for OpenAI's, Anthropic's and
Ollama's dialects, over HTTP/1.1 in clear, HTTP/1.1 over TLS and HTTP/2; configuration and certificate are read again
every few seconds. Everything is on 127.0.0.1. The scripted upstreams, the load and the measuring each have a process.

What is measured is printed at the end: resident memory and the share of it that is the process' own (RSS, PSS), open
descriptors, latencies of the first and the last minute, and whether the usage report agrees with what clients counted.

    MARTLET_BIN   the binary under test, default .build/debug/martlet
"""

from __future__ import annotations

import collections
import http.client
import json
import os
import random
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import httpx
from harness import ADMIN_KEY, GATEWAY_KEY, Answer, Authority, Child, Martlet, eventually
from scripted_anthropic import ScriptedAnthropic
from scripted_ollama import ScriptedOllama
from scripted_upstream import ScriptedUpstream
from soak_rules import (
    Sample, descriptor_problem, latency_problem, memory_problem, percentile, slope_per_minute, thirds,
)

CLAUDE_KEY = "sk-ant-scripted-soak"
SAMPLE_S = 2.0
RELOAD_S = 10.0
REQUESTS_A_SECOND = 5  # of each thread; a pace, so that the last minute has the load of the first one
DIALECTS = ("openai", "claude", "ollama")
MODELS = ("echo", "endless", "cut", "refuse-400", "refuse-500")
# What is asked for, how often, and how the ledger counts it; a model that does not exist is not in it.
KINDS = {
    "whole": (40, "succeeded"), "stream": (30, "succeeded"), "large": (4, "succeeded"), "left": (10, "cancelled"),
    "cut": (5, "interrupted"), "refuse-400": (4, "failed"), "refuse-500": (3, "failed"), "missing": (4, None),
}
COUNTED = ("succeeded", "failed", "cancelled", "interrupted")
CLIENTS = ("http1", "tls", "h2")
THREADS = 6  # of each kind of client


class Wrong(Exception):
    """An answer that is not what it must be."""


def configuration(bases: dict[str, str]) -> str:
    kinds = {"openai": "openai_compatible", "claude": "anthropic", "ollama": "ollama"}
    parts = ["version = 1", "[reliability]", "retry = { enabled = false }"]
    for account in DIALECTS:
        key = "env::CLAUDE_KEY" if account == "claude" else "none"
        parts.append(f'[gateway.providers.{account}]\ntype = "{kinds[account]}"\nbase_url = "{bases[account]}"')
        parts.append(f'api_key_location = "{key}"')
        for model in MODELS:
            parts.append(f'[models."{account}/{model}"]\nrouting = ["{account}"]')
            parts.append(f'[models."{account}/{model}".providers.{account}]\nmodel_name = "{model}"')
    return "\n".join(parts) + "\n"


def upstreams() -> None:
    """Runs the three scripted upstreams until stdin ends."""
    with ScriptedUpstream() as openai, ScriptedAnthropic(CLAUDE_KEY) as claude, ScriptedOllama() as ollama:
        servers = (openai, claude, ollama)
        bases = {"openai": openai.base_url, "claude": claude.base_url, "ollama": f"{ollama.base_url}/v1"}
        print(json.dumps(bases), flush=True)
        done = threading.Thread(target=sys.stdin.read, daemon=True)
        done.start()
        while done.is_alive():
            done.join(1)
            for server in servers:
                server.forget()


# Load


class Transport:
    """One client with a connection that it keeps."""

    def __init__(self, kind: str, ports: dict[str, int], root: str) -> None:
        self._tls = kind != "http1"
        self._port = ports["tls" if self._tls else "clear"]
        scheme = "https://localhost" if self._tls else "http://127.0.0.1"
        self._url = f"{scheme}:{self._port}/v1/chat/completions"
        self._headers = {"authorization": f"Bearer {GATEWAY_KEY}", "content-type": "application/json"}
        context = ssl.create_default_context(cafile=root) if self._tls else False
        self._client = httpx.Client(http2=kind == "h2", http1=kind != "h2", verify=context, timeout=60)

    def close(self) -> None:
        self._client.close()

    def ask(self, body: dict, leaves_after: int | None = None) -> Answer | None:
        """Asks; returns nothing when the answer was left in its middle."""
        content = json.dumps(body).encode()
        with self._client.stream("POST", self._url, content=content, headers=self._headers) as response:
            data = b""
            for piece in response.iter_raw():
                data += piece
                if leaves_after is not None and len(data) >= leaves_after:
                    return None
            return Answer(response.status_code, dict(response.headers), data)


def ask_one(kind: str, dialect: str, transport: Transport, choose: random.Random) -> None:
    """Sends one request of a kind and checks what comes back."""
    text = " ".join(["word"] * choose.randint(1, 60))
    model = {"whole": "echo", "stream": "echo", "large": "echo", "left": "endless"}.get(kind, kind)
    messages = [{"role": "user", "content": text}]
    if kind == "large":
        messages = [{"role": "user", "content": "word " * 40_000}, {"role": "assistant", "content": "Yes."}, *messages]
    body: dict = {"model": f"{'nobody' if kind == 'missing' else dialect}/{model}", "messages": messages}
    if kind in ("stream", "left", "cut"):
        body["stream"] = True
    answer = transport.ask(body, leaves_after=choose.randint(300, 2_000) if kind == "left" else None)
    if answer is None:
        if kind != "left":
            raise Wrong(f"{kind} was left")
        return
    expected = {"refuse-400": 400, "refuse-500": 502, "missing": 404}.get(kind, 200)
    if answer.status != expected:
        raise Wrong(f"{dialect} {kind}: {answer}")
    if kind in ("whole", "large"):
        said = answer.json["choices"][0]["message"]["content"]
    elif kind == "stream":
        if answer.events[-1] != "[DONE]":
            raise Wrong(f"{dialect} stream has no end: {answer}")
        events = [json.loads(event) for event in answer.events[:-1]]
        said = "".join(choice["delta"].get("content") or "" for event in events for choice in event["choices"])
    elif kind == "cut":
        if b"stream_interrupted" not in answer.body or b"[DONE]" in answer.body:
            raise Wrong(f"{dialect} cut: {answer}")
        return
    else:
        return
    if said != f"You said: {text}":
        raise Wrong(f"{dialect} {kind} says {said[:200]!r}")


def load(ports: dict[str, int], root: str, seed: int) -> None:
    """Asks from many threads until stdin ends, then prints what was counted."""
    stop = threading.Event()
    lock = threading.Lock()
    counts: collections.Counter[str] = collections.Counter()
    problems: list[str] = []

    def work(client: str, number: int) -> None:
        choose = random.Random(f"{seed} {client} {number}")
        names, weights = list(KINDS), [weight for weight, _ in KINDS.values()]
        transport = Transport(client, ports, root)
        gateway = "clear" if client == "http1" else "tls"
        while not stop.is_set():
            begun = time.monotonic()
            kind, dialect = choose.choices(names, weights)[0], choose.choice(DIALECTS)
            try:
                ask_one(kind, dialect, transport, choose)
            except (Wrong, httpx.HTTPError, ValueError) as problem:
                with lock:
                    problems.append(f"{client} {dialect} {kind}: {type(problem).__name__} {problem}"[:600])
                continue
            with lock:
                if state := KINDS[kind][1]:
                    counts[f"{gateway} {state}"] += 1
                counts[f"kind {kind}"] += 1
                counts[f"client {client}"] += 1
            # httpx does not reset an HTTP/2 stream that it leaves: its connection must end to say so.
            if choose.random() < 0.01 or (client == "h2" and kind == "left"):
                transport.close()  # a new connection now and then
                transport = Transport(client, ports, root)
            stop.wait(max(0.0, begun + 1 / REQUESTS_A_SECOND - time.monotonic()))

    threads = [
        threading.Thread(target=work, args=(client, number)) for client in CLIENTS for number in range(THREADS)
    ]
    for thread in threads:
        thread.start()
    sys.stdin.read()
    stop.set()
    for thread in threads:
        thread.join()
    print(json.dumps({"counts": counts, "problems": problems}), flush=True)


# Measuring


class Helper:
    """This program in another role, which ends when its stdin does."""

    def __init__(self, *arguments: str) -> None:
        command = [sys.executable, __file__, *arguments]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def line(self) -> dict:
        text = self._process.stdout.readline()
        if not text:
            raise Wrong("a helper ended early")
        return json.loads(text)

    @property
    def runs(self) -> bool:
        return self._process.poll() is None

    def finish(self) -> None:
        self._process.stdin.close()

    def __enter__(self) -> Helper:
        return self

    def __exit__(self, *_: object) -> None:
        if not self._process.stdin.closed:
            self.finish()
        try:
            self._process.wait(60)
        except subprocess.TimeoutExpired:
            self._process.kill()


def sample(process: Child, at: float) -> Sample:
    folder = Path(f"/proc/{process.pid}")
    sizes = {}
    for line in (folder / "smaps_rollup").read_text().splitlines()[1:]:
        name, value = line.split(":")
        sizes[name] = int(value.split()[0])
    return Sample(at, sizes["Rss"], sizes["Pss"], len(os.listdir(folder / "fd")))


class Probe:
    """Asks the same small question over and over on a connection of its own, and notes how long each answer takes."""

    def __init__(self, connection: http.client.HTTPConnection, model: str = "openai/echo") -> None:
        self.latencies: list[tuple[float, float]] = []  # seconds since the begin, milliseconds
        self.asked = 0
        self._connection = connection
        self._model = model

    def ask(self, begin: float) -> None:
        body = json.dumps({"model": self._model, "messages": [{"role": "user", "content": "one two three"}]})
        headers = {"authorization": f"Bearer {GATEWAY_KEY}", "content-type": "application/json"}
        at = time.monotonic()
        self._connection.request("POST", "/v1/chat/completions", body, headers)
        response = self._connection.getresponse()
        data = response.read()
        if response.status != 200:
            raise Wrong(f"the probe got {response.status} {data[:300]!r}")
        self.asked += 1
        self.latencies.append((at - begin, 1000 * (time.monotonic() - at)))

    def ends(self, warm_s: float, end_s: float, window_s: float) -> tuple[list[float], list[float]]:
        """The latencies of the first and of the last window."""
        windows = ((warm_s, warm_s + window_s), (end_s - window_s, end_s))
        first, last = ([took for at, took in self.latencies if a <= at < b] for a, b in windows)
        return first, last


class Run:
    """One gateway and what was measured of it."""

    def __init__(self, name: str, martlet: Martlet) -> None:
        self.name = name
        self.martlet = martlet
        self.samples: list[Sample] = []
        self.probe = Probe(martlet.connect())

    def totals(self) -> dict[str, int]:
        return self.martlet.request("GET", "/admin/usage", key=ADMIN_KEY).json["totals"]

    def count_problem(self, counts: dict[str, int]) -> str | None:
        """Says so when the usage report is not what clients counted."""
        expected = {name: counts.get(f"{self.name} {name}", 0) for name in COUNTED}
        expected["succeeded"] += self.probe.asked
        # A stream that was left ends a little after the client is gone.
        found = eventually(lambda: (now := self.totals()) and all(now[n] == expected[n] for n in COUNTED), 10)
        if found:
            return None
        return f"the usage report has { {n: self.totals()[n] for n in COUNTED} }, clients counted {expected}"

    def problems(self, times: Times, direct: Probe) -> list[str]:
        warm = [sample for sample in self.samples if sample.at >= times.warm_s]
        first, last = self.probe.ends(*times)
        found = (memory_problem(warm), descriptor_problem(warm), latency_problem(first, last, direct.ends(*times)))
        return [problem for problem in found if problem]

    def report(self, times: Times) -> str:
        warm = [sample for sample in self.samples if sample.at >= times.warm_s]
        first, last = thirds(warm)
        lines = []
        for name, unit in (("rss_kib", " KiB"), ("pss_kib", " KiB"), ("descriptors", "")):
            begin, end = (sorted(getattr(s, name) for s in part)[len(part) // 2] for part in (first, last))
            slope = slope_per_minute([(s.at, getattr(s, name)) for s in warm])
            top = max(getattr(s, name) for s in self.samples)
            lines.append(f"{name.split('_')[0]:<12} {begin} -> {end}{unit}, {slope:+.1f} a minute, at most {top}")
        return "\n".join(f"  {line}" for line in [*lines, *latencies(self.probe, times)])


class Times(NamedTuple):
    """When the measuring began to count, when it ended, and how long the compared windows are; seconds."""

    warm_s: float
    end_s: float
    window_s: float


def latencies(probe: Probe, times: Times) -> list[str]:
    first, last = probe.ends(*times)
    return [
        f"{name:<12} {percentile(first, part):.2f} -> {percentile(last, part):.2f} ms"
        for name, part in (("p50", 0.5), ("p99", 0.99))
    ]


def measure(seconds: float) -> int:
    """Runs everything and prints the report; 1 when something is wrong."""
    seed = int(os.environ.get("SOAK_SEED") or random.SystemRandom().randrange(2**32))
    # What is allocated once is allocated by then; a short run is for trying this program out.
    warm_s, window_s = min(120.0, seconds / 5), min(60.0, seconds / 5)
    print(f"soak: {seconds:.0f} s, the first {warm_s:.0f} s do not count; seed {seed}", flush=True)
    problems: list[str] = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="martlet-soak-")))
        authority = Authority(folder / "authority")
        servers = stack.enter_context(Helper("upstreams"))
        bases = servers.line()
        text = configuration(bases)
        # The same question without a gateway, to know how busy the machine is.
        direct = Probe(http.client.HTTPConnection("127.0.0.1", urlsplit(bases["openai"]).port, timeout=20), "echo")
        env = {"CLAUDE_KEY": CLAUDE_KEY}
        runs = [
            Run("clear", stack.enter_context(Martlet(text, env))),
            Run("tls", stack.enter_context(Martlet(text, env, authority=authority))),
        ]
        ports = {run.name: run.martlet.port for run in runs}
        begin, cpu_begin = time.monotonic(), cpu_seconds(runs)
        clients = stack.enter_context(Helper("load", json.dumps(ports), str(authority.root), str(seed)))
        next_sample, next_reload, reloads = 0.0, RELOAD_S, 0
        while (at := time.monotonic() - begin) < seconds:
            for probe in (direct, *(run.probe for run in runs)):
                probe.ask(begin)
            if at >= next_sample:
                next_sample += SAMPLE_S
                for run in runs:
                    run.samples.append(sample(run.martlet.process, at))
            if at >= next_reload:
                next_reload += RELOAD_S
                reloads += 1
                if reloads % 6 == 0:
                    authority.issue()
                for run in runs:
                    run.martlet.process.send_signal(signal.SIGHUP)
            if not clients.runs or not servers.runs:
                problems.append("the load or the upstreams ended early")
                break
            time.sleep(0.05)
        end_s = time.monotonic() - begin
        clients.finish()
        result = clients.line()
        counts = result["counts"]
        asked = sum(count for name, count in counts.items() if name.startswith("kind "))
        problems += result["problems"][:20]
        cpu = cpu_seconds(runs) - cpu_begin
        print(f"\n{asked} requests, {asked / end_s:.0f} a second, {len(result['problems'])} wrong, {reloads} reloads, "
              f"{cpu:.0f} s of CPU")
        print("  " + ", ".join(f"{name} {count}" for name, count in sorted(counts.items())))
        times = Times(warm_s, end_s, window_s)
        print("the upstream alone\n" + "\n".join(f"  {line}" for line in latencies(direct, times)))
        for run in runs:
            print(f"{run.name}\n{run.report(times)}")
            found = run.problems(times, direct)
            if mismatch := run.count_problem(counts):
                found.append(mismatch)
            problems += [f"{run.name}: {problem}" for problem in found]
    for problem in problems:
        print(f"FAIL {problem}")
    print("soak: failed" if problems else "soak: passed", flush=True)
    return 1 if problems else 0


def cpu_seconds(runs: list[Run]) -> float:
    """User and system time of the gateways so far."""
    total = 0
    for run in runs:
        fields = Path(f"/proc/{run.martlet.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["upstreams"]:
            upstreams()
        case ["load", ports_text, root_file, seed_text]:
            load(json.loads(ports_text), root_file, int(seed_text))
        case []:
            sys.exit(measure(600))
        case [seconds_text]:
            sys.exit(measure(float(seconds_text)))
        case _:
            sys.exit(__doc__)
