"""From rounds to a report: medians, ratios, budgets, a table for people and one for the documents."""

import os
import platform
import re
import statistics
import subprocess
from dataclasses import dataclass

from .lanes import LANES

COLUMNS = ("direct", "nginx", "bare", "martlet")
TITLES = {"direct": "direct", "nginx": "nginx", "bare": "BareRelay", "martlet": "Martlet"}


@dataclass
class Row:
    """One line of the report: a value per target, a ratio where there is one, and how it stands to its budgets."""

    name: str
    title: str
    unit: str
    values: dict
    ratio: float | None = None
    to_bare: float | None = None
    must: float | None = None
    aim: float | None = None
    budget_value: float | None = None   # what is compared with must and aim
    note: str = ""

    @property
    def verdict(self):
        """MET or MISSED for each budget, or nothing to judge."""
        if self.budget_value is None:
            return "–" if self.must is None and self.aim is None else "not measured"
        parts = []
        for name, limit in (("must", self.must), ("aim", self.aim)):
            if limit is not None:
                parts.append(f"{name} {'MET' if self.budget_value <= limit else 'MISSED'}")
        return ", ".join(parts) or "–"

    @property
    def misses_must(self):
        """Whether a binding budget is exceeded."""
        return self.must is not None and self.budget_value is not None and self.budget_value > self.must


def figure_rounds(rounds, lane, name):
    """The figure of a lane for one target, round by round; None where a round has none."""
    entries = rounds.get(name, [])
    if lane.figure == "added_p50_us":
        direct = rounds.get("direct", [])
        if name == "direct":
            return [entry and entry["p50_us"] for entry in entries]
        return [
            entry["p50_us"] - base["p50_us"] if entry and base else None
            for entry, base in zip(entries, direct)
        ]
    return [entry and entry[lane.figure] for entry in entries]


def median(values):
    """The median of what was measured."""
    values = [value for value in values if value is not None]
    return statistics.median(values) if values else None


def paired_ratio(rounds, lane, name, base):
    """The median of the ratios of neighbouring runs: drift of the machine falls out of it."""
    pairs = zip(figure_rounds(rounds, lane, name), figure_rounds(rounds, lane, base))
    return median([a / b for a, b in pairs if a is not None and b is not None and b > 0])


def spread(values):
    """Half of the range in percent of the median, to show how far rounds lie apart."""
    values = [value for value in values if value is not None]
    if len(values) < 2 or not statistics.median(values):
        return None
    return (max(values) - min(values)) / 2 / abs(statistics.median(values)) * 100


def rows(results):
    """All lines of the report."""
    lines = []
    for lane in LANES:
        rounds = results["lanes"].get(lane.name)
        if rounds is None:
            continue
        values = {name: median(figure_rounds(rounds, lane, name)) for name in rounds}
        if lane.figure == "cpu_us":
            values.pop("direct", None)
        ratio = paired_ratio(rounds, lane, "martlet", "nginx")
        spreads = [spread(figure_rounds(rounds, lane, name)) for name in rounds if name in values]
        spreads = [value for value in spreads if value is not None]
        row = Row(
            lane.name, lane.title, "µs", values, ratio, paired_ratio(rounds, lane, "martlet", "bare"), lane.must,
            lane.aim, ratio, f"±{max(spreads):.0f} %" if spreads else "")
        if lane.name == "cancel":
            row.ratio = row.to_bare = None
            row.aim, row.budget_value = 250_000, values.get("martlet")
            row.title += " (aim 250 ms)"
        if lane.must_us:
            row.must, row.budget_value = lane.must_us, values.get("martlet")
        lines.append(row)
        if lane.name == "json1k":
            cost = [a - b for a, b in zip(figure_rounds(rounds, lane, "martlet"), figure_rounds(rounds, lane, "bare"))
                    if a is not None and b is not None]
            lines.append(Row("gateway_cost", "gateway cost at 1 KB: Martlet − BareRelay (12 µs, aim 6)", "µs",
                             {"martlet": median(cost)}, must=12, aim=6, budget_value=median(cost)))
        if lane.name == "rate":
            direct = rounds.get("direct", [])
            added = {
                name: median([entry["p99_us"] - (base["p99_us"] if name != "direct" else 0)
                              for entry, base in zip(rounds[name], direct) if entry and base])
                for name in rounds}
            lines.append(Row("rate_p99", "added p99 at 200 requests/s, 1 KB (direct: its p99)", "µs", added))
        if lane.name == "paced":
            gaps = {name: median([entry["gap_p99_us"] for entry in rounds[name] if entry]) for name in rounds}
            lines.append(Row("paced_gap", "1,000 paced streams (75 ms): p99 gap between reads", "µs", gaps))
    lines += _scan_rows(results)
    lines += _sign_rows(results)
    lines += _plan_rows(results)
    lines += _failure_rows(results)
    lines += _memory_rows(results)
    return lines


def _scan_rows(results):
    figures = results.get("scan", {}).get("martlet", {})
    kinds = (
        ("chat", "strict JSON scan, 100 KB of ASCII chat text (25 µs = 4 GB/s)", 25),
        ("tools", "strict JSON scan, 100 KB of tool schemas, all structure (100 µs = 1 GB/s)", 100),
        ("chat_escapes", "the same, ASCII text with an escape every 15 bytes", None),
        ("chat_chinese", "the same, Chinese text", None),
    )
    return [
        Row(f"scan_{kind}", title, "µs", {"martlet": figures.get(kind)}, must=must, budget_value=figures.get(kind))
        for kind, title, must in kinds if figures
    ]


def _sign_rows(results):
    figures = results.get("sign", {}).get("martlet", {})
    titles = {"1k": "1 KB", "16k": "16 KB", "256k": "256 KB, the largest that is hashed on a loop"}
    return [
        Row(f"sign_{size}", f"AWS Signature Version 4, body of {title}", "µs", {"martlet": figures.get(size)})
        for size, title in titles.items() if figures
    ]


def _plan_rows(results):
    figures = results.get("plan", {}).get("martlet", {})
    if not figures:
        return []
    kinds = {
        "model": "a model", "alias_first": "an alias of five, first", "alias_random": "random",
        "alias_round_robin": "round_robin", "alias_cheapest": "cheapest", "alias_fastest": "fastest",
    }
    lines = []
    for kind, title in kinds.items():
        few, many = figures.get(f"{kind}_10"), figures.get(f"{kind}_10000")
        # A plan may not cost more because there are more models; a fifth is what two runs differ by.
        growth = many / few if few and many else None
        lines.append(Row(f"plan_{kind}", f"planning, {title}: 10,000 models and 100 aliases", "µs", {"martlet": many}))
        lines.append(Row(f"plan_{kind}_growth", "the same, as a multiple of 10 models (1.5)", "×", {"martlet": growth},
                         must=1.5, budget_value=growth))
    return lines


def _failure_rows(results):
    lines = []
    for kind, figures in results.get("failover", {}).get("martlet", {}).items():
        for figure, title in (("added_p50_us", "added p50"), ("added_cpu_us", "added CPU")):
            apart = spread(figures[figure])
            lines.append(Row(f"failover_{kind}_{figure}", f"failover, first target {kind}: {title}", "µs",
                             {"martlet": median(figures[figure])}, note=f"±{apart:.0f} %" if apart else ""))
    for kind, figures in results.get("outage", {}).get("martlet", {}).items():
        lines.append(Row(f"outage_{kind}", f"outage, {kind}: requests to the target over those of callers (1.25)", "×",
                         {"martlet": figures["multiple"]}, must=1.25, budget_value=figures["multiple"]))
    for pause, figures in results.get("healing", {}).get("martlet", {}).items():
        # A fifth of jitter, and the gap between two requests.
        must = round(int(pause) * 1.2 + 0.2, 1)
        title = f"healing just after a pause of {pause} s began: back after ({must} s)"
        lines.append(Row(f"healing_{pause}", title, "s", {"martlet": figures["seconds"]}, must=must,
                         budget_value=figures["seconds"]))
    return lines


def _memory_rows(results):
    memory, first = results.get("memory", {}), results.get("first_answer", {})
    if not memory and not first:
        return []

    def mib(kind):
        return {name: entry["idle_kib"][kind] / 1024 for name, entry in memory.items()}

    def budget(title, name, unit, values, must):
        return Row(name, title, unit, values, must=must, budget_value=values.get("martlet"))

    return [
        budget("idle, private dirty (16 MiB)", "idle_dirty", "MiB", mib("Private_Dirty"), 16),
        budget("idle, PSS (48 MiB)", "idle_pss", "MiB", mib("Pss"), 48),
        Row("idle_pss_file", "idle, of PSS: mapped files", "MiB", mib("Pss_File")),
        budget("per open stream with a 100 KB prompt, PSS (40 KiB)", "stream_pss", "KiB",
               {name: entry["pss_per_stream_kib"] for name, entry in memory.items()}, 40),
        budget("exec to first 200 (150 ms)", "first_answer", "ms",
               {name: entry["median_ms"] for name, entry in first.items()}, 150),
        Row("first_empty", "the same with an empty data directory", "ms",
            {name: entry["empty_data_ms"] for name, entry in first.items()}),
    ]


def number(value):
    """Three figures, as a person would write them."""
    if value is None:
        return "–"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def table(results, markdown=False):
    """The main table as text."""
    header = ["Lane", "unit", *[TITLES[name] for name in COLUMNS], "× nginx", "× bare", "must", "aim", "", "spread"]
    body = []
    for row in rows(results):
        is_ratio = row.ratio is not None or row.name in {lane.name for lane in LANES if lane.must}
        sign = "× " if is_ratio else ""
        body.append([
            row.title, row.unit, *[number(row.values.get(name)) for name in COLUMNS],
            number(row.ratio), number(row.to_bare),
            f"{sign}{row.must:g}" if row.must is not None else "–",
            f"{sign}{row.aim:g}" if row.aim is not None else "–",
            row.verdict, row.note,
        ])
    if markdown:
        lines = ["| " + " | ".join(header) + " |", "|---|---|" + "---:|" * 8 + "---|---|"]
        return "\n".join(lines + ["| " + " | ".join(cells) + " |" for cells in body])
    widths = [max(len(cells[i]) for cells in [header, *body]) for i in range(len(header))]
    return "\n".join(
        "  ".join(cell.ljust(width) if i < 2 or i > 9 else cell.rjust(width)
                  for i, (cell, width) in enumerate(zip(cells, widths))).rstrip()
        for cells in [header, *body])


def growth_lines(results, markdown=False):
    """How cost grows with body size, models and open streams."""
    lines = []
    sizes = {"json1k": 1, "json100k": 100, "json1m": 1000}
    by_lane = {lane.name: lane for lane in LANES}
    for name in COLUMNS[1:]:
        medians = [(kb, median(figure_rounds(results["lanes"][lane], by_lane[lane], name)))
                   for lane, kb in sizes.items() if name in results["lanes"].get(lane, {})]
        medians = [(kb, value) for kb, value in medians if value is not None]
        if len(medians) > 1:
            steps = " → ".join(f"{kb} KB {number(value)} µs" for kb, value in medians)
            slope = (medians[-1][1] - medians[0][1]) / (medians[-1][0] - medians[0][0])
            lines.append(f"{TITLES[name]}, request bodies: {steps} ({slope:.2f} µs a KB)")
    for name, figures in results.get("growth_streams", {}).items():
        steps = " → ".join(f"{count} open {number(value)} µs" for count, value in figures.items())
        lines.append(f"{TITLES[name]}, 1 KB request beside silent streams: {steps}")
    for count, entry in results.get("growth_models", {}).items():
        lines.append(
            f"Martlet, {int(count):,} configured models: 1 KB request {number(entry['cpu_us'])} µs, PSS "
            f"{number(entry['pss_kib'] / 1024)} MiB, first 200 after {number(entry['first_answer_ms'])} ms")
    return "\n".join(f"- {line}" if markdown else line for line in lines)


def tools_lines(results):
    """Whether load generator and upstream leave room: what they cost on their own core beside what is measured."""
    lines = []
    for lane in LANES:
        rounds = results["lanes"].get(lane.name, {})
        parts = []
        for name in COLUMNS:
            load = median([entry["load_cpu_us"] for entry in rounds.get(name, []) if entry])
            upstream = median([entry["upstream_cpu_us"] for entry in rounds.get(name, []) if entry])
            busy = median([entry["busy_percent"] for entry in rounds.get(name, []) if entry])
            if load is not None:
                opened = median([entry["upstream_connections"] for entry in rounds[name] if entry])
                share = f" (proxy {busy:.0f} % busy, {opened:.0f} connections opened)" if name != "direct" else ""
                parts.append(f"{TITLES[name]} {number(load)} + {number(upstream)}{share}")
        if parts:
            lines.append(f"{lane.name}: {', '.join(parts)}")
    return "\n".join(lines)


def machine(options):
    """What was measured on, in one line."""
    return (f"{cpu_model()}, {os.cpu_count()} cores (proxy on {options.proxy_core}, load on {options.load_core}, "
            f"upstream on {options.upstream_core}), Linux {platform.release()}, {first_line([options.nginx, '-v'])}, "
            f"{first_line(['cc', '--version'])}, {first_line(['swift', '--version'])}")


def cpu_model():
    """The processor's name as the kernel knows it."""
    try:
        with open("/proc/cpuinfo") as file:
            found = re.search(r"^model name\s*:\s*(.+)$", file.read(), re.MULTILINE)
        return " ".join(found.group(1).split()) if found else platform.machine()
    except OSError:
        return platform.machine()


def first_line(command):
    """The first line a program says about its version; its name with '?' when it is not there."""
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=20)
        return (result.stdout.strip() or result.stderr.strip()).splitlines()[0]
    except (OSError, subprocess.TimeoutExpired, IndexError):
        return f"{command[0]}: ?"
