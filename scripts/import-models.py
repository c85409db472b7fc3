#!/usr/bin/env python3
"""Writes the built-in model registry from the table of model facts in scripts/data/models.csv.

    scripts/import-models.py            writes Sources/MartletProviders/Resources/models.json
    scripts/import-models.py --check    fails when that file is not what the table makes

The table has one row per (id, provider), prices in US dollars per million tokens, an empty cell for what is unknown.
Every row is taken; the result is what the project builds with, and the table is read by no build and at no run time.
Every row keeps its source and that source's date.

Prices become whole pico-dollars per token: one dollar per million tokens is 1,000,000. A price that is not a whole
number of pico-dollars, or an unknown column, stops the import.

Two prices that the table does not spell out follow from those it does; rows that have such a price list its name in
`derived`:

- Claude's cache writes kept for an hour cost twice the input price (Anthropic's price page; it agrees with every row
  that spells the price out).
- Above the long-prompt threshold the whole request is dearer, so a write costs more in the measure the input does.
"""

import csv
import json
import pathlib
import re
import sys
from decimal import Decimal

ROOT = pathlib.Path(__file__).resolve().parent.parent
TABLE = ROOT / "scripts" / "data" / "models.csv"
REGISTRY = ROOT / "Sources" / "MartletProviders" / "Resources" / "models.json"

COLUMNS = [
    "id", "provider", "provider_model_id", "kind", "context_window", "max_output_tokens", "input_usd_per_mtok",
    "output_usd_per_mtok", "cached_input_usd_per_mtok", "cache_write_usd_per_mtok", "supports_tools",
    "supports_vision", "supports_json_schema", "supports_reasoning", "embedding_dims", "notes", "source_date",
]

LONG_PROMPT = re.compile(
    r"prompt above (\d+)k tokens: ([\d.]+) in / ([\d.]+) out(?: / ([\d.]+) cached)?"
)

# What a note says that has a member of its own; the rest is kept as a remark.
SAID_ELSEWHERE = (
    "src:", "RETIRED ", "retirement announced ", "prompt above ", "1h cache write ", "batch x", "many regions need the ",
)


def pico(text):
    """Converts dollars per million tokens into whole pico-dollars per token."""
    if text == "":
        return None
    value = Decimal(text) * 1_000_000
    if value != value.to_integral_value() or value < 0:
        sys.exit(f"price {text!r} is not a whole, non-negative number of pico-dollars per token")
    return int(value)


def flag(text):
    """Reads a three-valued cell: true, false or unknown."""
    return {"": None, "true": True, "false": False}[text]


def number(text):
    """Reads a whole number or unknown."""
    return int(text) if text else None


def without_unknowns(table):
    """Drops members whose value is not known."""
    return {key: value for key, value in table.items() if value is not None}


def scaled(price, numerator, denominator):
    """Raises a price in the measure another one is raised; None when it is unknown or does not come out whole."""
    if price is None or not denominator or price * numerator % denominator:
        return None
    return price * numerator // denominator


def percent(text):
    """Reads a factor such as 0.5 as whole percent."""
    value = Decimal(text) * 100
    if value != value.to_integral_value() or not 0 < value <= 100:
        sys.exit(f"batch factor {text!r} is no whole number of percent")
    return int(value)


def row_of(cells):
    """Turns a table row into a registry row."""
    notes = cells["notes"]
    tier = LONG_PROMPT.search(notes)
    hour = re.search(r"1h cache write ([\d.]+)", notes)
    batch = re.search(r"batch x([\d.]+)", notes)
    retired = re.search(r"RETIRED (\d{4}-\d{2}-\d{2})", notes)
    announced = re.search(r"retirement announced (\d{4}-\d{2}-\d{2})", notes)
    source = re.search(r"src: (.*)$", notes)
    remark = [part for part in notes.split("; ") if not part.startswith(SAID_ELSEWHERE)]
    price = pico(cells["input_usd_per_mtok"])
    write = pico(cells["cache_write_usd_per_mtok"])
    write_1h = pico(hour[1]) if hour else None
    derived = []
    if write_1h is None and write is not None and price is not None and cells["id"].startswith("claude-"):
        write_1h = 2 * price
        derived.append("cache_write_1h")
    long_prompt = None
    if tier:
        above = pico(tier[2])
        long_prompt = without_unknowns({
            "above": int(tier[1]) * 1_000,
            "input": above,
            "output": pico(tier[3]),
            "cache_read": pico(tier[4] or ""),
            "cache_write": scaled(write, above, price),
            "cache_write_1h": scaled(write_1h, above, price),
        })
        derived += [f"long_prompt.{name}" for name in ("cache_write", "cache_write_1h") if name in long_prompt]
    return without_unknowns({
        "id": cells["id"],
        "provider": cells["provider"],
        "upstream": cells["provider_model_id"],
        "kind": cells["kind"],
        "context": number(cells["context_window"]),
        "max_output": number(cells["max_output_tokens"]),
        "input": price,
        "output": pico(cells["output_usd_per_mtok"]),
        "cache_read": pico(cells["cached_input_usd_per_mtok"]),
        "cache_write": write,
        "cache_write_1h": write_1h,
        "long_prompt": long_prompt,
        "batch_percent": percent(batch[1]) if batch else None,
        "derived": derived or None,
        "tools": flag(cells["supports_tools"]),
        "vision": flag(cells["supports_vision"]),
        "json_schema": flag(cells["supports_json_schema"]),
        "reasoning": flag(cells["supports_reasoning"]),
        "dimensions": number(cells["embedding_dims"]),
        "profiles": "profile prefix" in notes or None,
        "retired": retired and retired[1],
        "retires": announced and announced[1],
        "note": "; ".join(remark) or None,
        "source": source and source[1],
        "as_of": cells["source_date"],
    })


def registry():
    """Reads the table and returns the registry's text."""
    with open(TABLE, newline="", encoding="utf-8") as file:
        table = csv.DictReader(file)
        if table.fieldnames != COLUMNS:
            sys.exit(f"unexpected columns: {table.fieldnames}")
        rows = [row_of(cells) for cells in table]
    keys = [(row["id"], row["provider"]) for row in rows]
    if len(keys) != len(set(keys)):
        sys.exit("the same (id, provider) stands in two rows")
    lines = ",\n".join(json.dumps(row, ensure_ascii=True, separators=(",", ":")) for row in rows)
    newest = max(row["as_of"] for row in rows)
    return f'{{"format":1,"as_of":"{newest}","models":[\n{lines}\n]}}\n'


def main():
    """Writes the registry, or says whether it is up to date."""
    arguments = sys.argv[1:]
    if arguments not in ([], ["--check"]):
        sys.exit("usage: import-models.py [--check]")
    text = registry()
    if not arguments:
        REGISTRY.write_text(text, encoding="utf-8")
        print(f"{text.count(chr(10)) - 2} rows", file=sys.stderr)
    elif REGISTRY.read_text(encoding="utf-8") != text:
        sys.exit(f"{REGISTRY.relative_to(ROOT)} is not what the table makes: run scripts/import-models.py")


if __name__ == "__main__":
    main()
