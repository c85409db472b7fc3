#!/usr/bin/env python3
"""Writes the built-in model registry from a table of model facts.

    scripts/import-models.py TABLE.csv

The table has one row per (id, provider) with prices in US dollars per million tokens. Only rows whose provider has a
price list among the presets are taken. The result, Sources/MartletProviders/Resources/models.json, is what the project
builds with; the table itself is never read by a build or at run time.

Prices become whole pico-dollars per token: one dollar per million tokens is 1,000,000. A price that is not a whole
number of pico-dollars, or an unknown column, stops the import.
"""

import csv
import json
import pathlib
import re
import sys
from decimal import Decimal

RESOURCES = pathlib.Path(__file__).resolve().parent.parent / "Sources" / "MartletProviders" / "Resources"

COLUMNS = [
    "id", "provider", "provider_model_id", "kind", "context_window", "max_output_tokens", "input_usd_per_mtok",
    "output_usd_per_mtok", "cached_input_usd_per_mtok", "cache_write_usd_per_mtok", "supports_tools",
    "supports_vision", "supports_json_schema", "supports_reasoning", "embedding_dims", "notes", "source_date",
]

LONG_PROMPT = re.compile(
    r"prompt above (\d+)k tokens: ([\d.]+) in / ([\d.]+) out(?: / ([\d.]+) cached)?"
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


def row_of(cells):
    """Turns a table row into a registry row."""
    notes = cells["notes"]
    tier = LONG_PROMPT.search(notes)
    retired = re.search(r"RETIRED (\d{4}-\d{2}-\d{2})", notes)
    announced = re.search(r"retirement announced (\d{4}-\d{2}-\d{2})", notes)
    remark = [
        part
        for part in notes.split("; ")
        if not part.startswith(("src:", "RETIRED ", "retirement announced ", "prompt above "))
    ]
    source = re.search(r"src: (.*)$", notes)
    return without_unknowns({
        "id": cells["id"],
        "provider": cells["provider"],
        "upstream": cells["provider_model_id"],
        "kind": cells["kind"],
        "context": number(cells["context_window"]),
        "max_output": number(cells["max_output_tokens"]),
        "input": pico(cells["input_usd_per_mtok"]),
        "output": pico(cells["output_usd_per_mtok"]),
        "cache_read": pico(cells["cached_input_usd_per_mtok"]),
        "cache_write": pico(cells["cache_write_usd_per_mtok"]),
        "long_prompt": tier and without_unknowns({
            "above": int(tier[1]) * 1_000,
            "input": pico(tier[2]),
            "output": pico(tier[3]),
            "cache_read": pico(tier[4] or ""),
        }),
        "tools": flag(cells["supports_tools"]),
        "vision": flag(cells["supports_vision"]),
        "json_schema": flag(cells["supports_json_schema"]),
        "reasoning": flag(cells["supports_reasoning"]),
        "dimensions": number(cells["embedding_dims"]),
        "retired": retired and retired[1],
        "retires": announced and announced[1],
        "note": "; ".join(remark) or None,
        "source": source and source[1],
        "as_of": cells["source_date"],
    })


def main():
    """Reads the table named on the command line and writes the registry."""
    if len(sys.argv) != 2:
        sys.exit("usage: import-models.py TABLE.csv")
    presets = json.loads((RESOURCES / "presets.json").read_text(encoding="utf-8"))
    providers = {preset["kind"] for preset in presets["providers"] if preset["has_price_list"]}
    with open(sys.argv[1], newline="", encoding="utf-8") as file:
        table = csv.DictReader(file)
        if table.fieldnames != COLUMNS:
            sys.exit(f"unexpected columns: {table.fieldnames}")
        rows = [row_of(cells) for cells in table if cells["provider"] in providers]
    keys = [(row["id"], row["provider"]) for row in rows]
    if len(keys) != len(set(keys)):
        sys.exit("the same (id, provider) stands in two rows")
    lines = ",\n".join(json.dumps(row, ensure_ascii=True, separators=(",", ":")) for row in rows)
    newest = max(row["as_of"] for row in rows)
    text = f'{{"format":1,"as_of":"{newest}","models":[\n{lines}\n]}}\n'
    (RESOURCES / "models.json").write_text(text, encoding="utf-8")
    print(f"{len(rows)} rows, newest of {newest}", file=sys.stderr)


if __name__ == "__main__":
    main()
