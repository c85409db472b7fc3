#!/usr/bin/env python3
"""Measures Martlet beside nginx, a bare relay and no proxy at all. How to run and read it: README.md in this folder."""

import argparse
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

from benchlib import extras, outages, report  # noqa: E402
from benchlib.lanes import LANES, measure  # noqa: E402
from benchlib.processes import BenchError, Children  # noqa: E402
from benchlib.targets import Bench  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
EXTRAS = ("growth", "memory", "scan", "sign", "plan", "failover", "outage", "healing")


def parse_arguments():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--martlet", default=str(ROOT / ".build/release/martlet"), help="binary of the gateway")
    parser.add_argument("--bare", default=str(ROOT / ".build/release/BareRelay"), help="binary of the control relay")
    parser.add_argument("--scan", default=str(ROOT / ".build/release/ScanBench"), help="binary that times the scan")
    parser.add_argument("--sign", default=str(ROOT / ".build/release/SignBench"), help="binary that times signatures")
    parser.add_argument("--plan", default=str(ROOT / ".build/release/PlanBench"), help="binary that times planning")
    parser.add_argument("--nginx", default=shutil.which("nginx") or "/usr/sbin/nginx")
    parser.add_argument("--build-dir", default=str(ROOT / ".build/bench"), help="where the C tools are compiled to")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="one short round; budgets do not decide the exit code")
    known = [lane.name for lane in LANES] + list(EXTRAS)
    parser.add_argument("--lanes", help=f"comma-separated: {','.join(known)}")
    parser.add_argument("--only", help="comma-separated proxies: nginx,bare,martlet (direct always runs)")
    parser.add_argument("--out", help="write all figures of all rounds to this JSON file")
    parser.add_argument("--markdown", action="store_true", help="print the tables as Markdown")
    parser.add_argument("--proxy-core", type=int, default=0)
    parser.add_argument("--load-core", type=int, default=1)
    parser.add_argument("--upstream-core", type=int, default=None, help="default: the load core")
    options = parser.parse_args()
    if options.upstream_core is None:
        options.upstream_core = options.load_core
    if options.quick:
        options.rounds = 1
    options.lanes = options.lanes.split(",") if options.lanes else known
    options.only = options.only.split(",") if options.only else ["nginx", "bare", "martlet"]
    for name in options.lanes:
        if name not in known:
            parser.error(f"unknown lane {name}; known: {', '.join(known)}")
    for name in options.only:
        if name not in ("nginx", "bare", "martlet"):
            parser.error(f"unknown proxy {name}; known: nginx, bare, martlet")
    if not 1 <= options.rounds <= 100:
        parser.error("--rounds: 1 to 100")
    cores = os.sched_getaffinity(0)
    if options.proxy_core not in cores or options.load_core not in cores or options.proxy_core == options.load_core:
        parser.error(f"the proxy and the load need a core each; usable: {sorted(cores)}")
    return options


def present(options):
    """The proxies whose binary exists."""
    names = []
    for name, binary in (("nginx", options.nginx), ("bare", options.bare), ("martlet", options.martlet)):
        if name not in options.only:
            continue
        if os.access(binary, os.X_OK):
            names.append(name)
        else:
            say(f"note: no {name} at {binary}; its column stays empty")
    return names


def say(text):
    """Progress goes to standard error: standard output holds the report."""
    print(text, file=sys.stderr, flush=True)


def run_lanes(bench, targets, options, results):
    """Runs each lane in interleaved rounds whose order rotates."""
    for lane in LANES:
        if lane.name not in options.lanes:
            continue
        if missing := bench.lacks(lane.needs):
            say(f"note: {lane.name} needs {', '.join(missing)}; it is left out")
            continue
        count = options.rounds if options.quick or not lane.rounds else lane.rounds
        amount = lane.amount
        if options.quick:
            amount = 2 if lane.mode == "paced" else max(50, lane.amount // 10)
        rounds = results["lanes"][lane.name] = {target.name: [] for target in targets}
        failed = set()
        for index in range(-1, count):
            for position in range(len(targets)):
                target = targets[(position + max(index, 0)) % len(targets)]
                if target.name in failed or (lane.only and target.name not in lane.only):
                    continue
                try:
                    if index < 0:  # connections, pools and pages are there before the first round
                        measure(bench, lane, target, 1 if lane.mode == "paced" else max(20, amount // 10))
                    else:
                        rounds[target.name].append(measure(bench, lane, target, amount))
                except BenchError as error:
                    # One bad round makes the lane worthless for this target; the others go on.
                    failed.add(target.name)
                    rounds[target.name] = []
                    results["failures"].append(str(error))
                    say(f"FAILED {error}")
        medians = {name: report.median(report.figure_rounds(rounds, lane, name)) for name in rounds}
        if lane.figure == "cpu_us":
            medians.pop("direct", None)
        say(f"{lane.name}: " + ", ".join(f"{name} {report.number(value)}" for name, value in medians.items()))


def run_extras(bench, targets, options, results):
    """Memory, first answer, growth, the scan, signatures, planning, and what failures cost."""

    def attempt(section, name, work):
        try:
            results.setdefault(section, {})[name] = work()
        except BenchError as error:
            results["failures"].append(str(error))
            say(f"FAILED {section} of {name}: {error}")

    proxies = [target for target in targets if target.child]
    amount, rounds = (2000, 1) if options.quick else (20000, 3)
    if "growth" in options.lanes:
        for target in proxies:
            attempt("growth_streams", target.name,
                    lambda: extras.growth_by_streams(bench, target, (1, 1000), rounds, amount))
        if any(target.name == "martlet" for target in proxies):
            try:
                results["growth_models"] = extras.growth_by_models(bench, (10, 10_000), rounds, amount)
            except BenchError as error:
                results["failures"].append(str(error))
                say(f"FAILED growth by models: {error}")
    if "scan" in options.lanes and "martlet" in options.only:
        attempt("scan", "martlet", lambda: extras.program_us(options, options.scan))
    if "sign" in options.lanes and "martlet" in options.only:
        attempt("sign", "martlet", lambda: extras.program_us(options, options.sign))
    if "plan" in options.lanes and "martlet" in options.only:
        attempt("plan", "martlet", lambda: extras.program_us(options, options.plan))
    if "martlet" in [target.name for target in proxies]:
        if "failover" in options.lanes:
            attempt("failover", "martlet", lambda: outages.failover(bench, rounds, amount // 4))
        if "outage" in options.lanes:
            attempt("outage", "martlet", lambda: outages.outage(bench, 4 if options.quick else 12))
        if "healing" in options.lanes:
            attempt("healing", "martlet", lambda: outages.healing(bench, outages.PAUSES_S[:1 if options.quick else 3]))
    if "memory" in options.lanes:
        for target in proxies:
            attempt("memory", target.name, lambda: extras.memory(bench, target.name, 1000))
            attempt("first_answer", target.name,
                    lambda: extras.first_answer_ms(bench, target.name, 1 if options.quick else 5))


def stolen_ticks():
    """Time that the machine below took from this one, and all time, in clock ticks."""
    with open("/proc/stat") as file:
        fields = [int(text) for text in file.readline().split()[1:9]]
    return fields[7], sum(fields)


def print_report(results, options, seconds):
    """The report on standard output."""
    markdown = options.markdown
    heading = "## " if markdown else ""
    print(f"{heading}Figures\n" if markdown else "")
    print(report.table(results, markdown))
    print("\nCPU: user + system time of the proxy, on one core, over requests or chunks. Medians; ratios of "
          "neighbouring runs.")
    if growth := report.growth_lines(results, markdown):
        print(f"\n{heading}How cost grows\n\n{growth}")
    if not markdown:
        print("\nCPU of load generator + upstream, µs (they must not be the bottleneck):")
        print(report.tools_lines(results))
    if results["failures"]:
        print("\nFailed:\n" + "\n".join(f"- {text}" for text in results["failures"]))
    print(f"\nMachine: {results['machine']}. {results['rounds']} rounds, {seconds:.0f} s, load average before "
          f"{results['load_average']:.2f}, stolen {results['stolen_percent']:.1f} %.")
    print(f"Command: {results['command']}")


def main():
    """Runs what was asked for; 1 when a binding budget is exceeded or a measurement of Martlet failed."""
    if not sys.platform.startswith("linux"):
        say("bench.py needs Linux: epoll, /proc and CPU clocks of other processes")
        return 2
    options = parse_arguments()
    names = present(options)
    results = {
        "machine": report.machine(options), "rounds": options.rounds, "quick": options.quick,
        "command": "Benchmarks/bench.py " + " ".join(sys.argv[1:]), "load_average": os.getloadavg()[0],
        "lanes": {}, "failures": [],
    }
    if results["load_average"] > 0.5:
        say(f"note: load average {results['load_average']:.2f}; other work on this machine disturbs the figures")
    os.sched_setaffinity(0, {options.load_core})
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    children, started, stolen = Children(), time.monotonic(), stolen_ticks()
    with tempfile.TemporaryDirectory(prefix="martlet-bench-") as temp:
        os.chmod(temp, 0o755)
        try:
            bench = Bench(children, temp, options.build_dir, options)
            targets = [bench.start("direct")]
            for name in names:
                try:
                    targets.append(bench.start(name))
                except BenchError as error:
                    results["failures"].append(str(error))
                    say(f"FAILED {error}")
            run_lanes(bench, targets, options, results)
            run_extras(bench, targets, options, results)
        except BenchError as error:
            say(f"bench: {error}")
            return 1
        except KeyboardInterrupt:
            say("bench: interrupted")
            return 130
        finally:
            children.stop_all()
    now = stolen_ticks()
    results["stolen_percent"] = 100 * (now[0] - stolen[0]) / max(1, now[1] - stolen[1])
    rows = report.rows(results)
    results["table"] = [
        {"name": row.name, "unit": row.unit, "values": row.values, "ratio": row.ratio, "to_bare": row.to_bare,
         "must": row.must, "aim": row.aim, "verdict": row.verdict} for row in rows]
    if options.out:
        Path(options.out).write_text(json.dumps(results, indent=1) + "\n")
    print_report(results, options, time.monotonic() - started)
    missed = [row.title for row in rows if row.misses_must]
    if missed:
        say("over budget: " + "; ".join(missed))
    if options.quick:
        return 0
    return 1 if missed or results["failures"] else 0


if __name__ == "__main__":
    sys.exit(main())
