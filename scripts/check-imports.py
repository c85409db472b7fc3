#!/usr/bin/env python3
"""Holds the arrows of the architecture: which target may import which other targets and which outside modules.

    scripts/check-imports.py [ROOT]     prints file:line for each import that is not in the table

The table is the whole rule: imports only go up the list, a pure target knows no channels, no database and no Foundation,
and a heavy library is known to one target. A target that is missing here may not exist.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

PLATFORM = ("Glibc", "Musl", "Darwin", "Android", "Synchronization")
FOUNDATION = ("Foundation", "FoundationEssentials")
PURE = ("MartletCore", "MartletWire", "MartletDialects", "MartletProviders", "MartletRouting", "MartletGovernance")


@dataclass(frozen=True)
class Allowed:
    targets: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()  # module names, `*` stands for anything


# Top to bottom as in the architecture document.
TABLE = {
    "MartletCore": Allowed(),
    "MartletExtensions": Allowed(),
    "CMartletBytes": Allowed(),
    "MartletWire": Allowed((), ("CMartletBytes",)),
    "MartletDialects": Allowed(("MartletCore", "MartletWire")),
    # Foundation reads the embedded presets and credential files, at start only.
    "MartletProviders": Allowed(
        ("MartletCore", "MartletWire", "MartletDialects"), (*PLATFORM, *FOUNDATION, "Crypto", "CryptoExtras")
    ),
    "MartletGovernance": Allowed(("MartletCore",), ("Synchronization",)),
    "MartletRouting": Allowed(("MartletCore", "MartletGovernance"), ("Synchronization",)),
    "MartletPreparation": Allowed(("MartletCore", "MartletWire", "MartletDialects")),
    "MartletStore": Allowed(
        ("MartletCore", "MartletGovernance"), (*PLATFORM, *FOUNDATION, "Dispatch", "GRDB", "GRDBSQLite", "Crypto", "Logging", "C*")
    ),
    "MartletLocal": Allowed(("MartletCore",), (*PLATFORM, *FOUNDATION, "Subprocess", "SystemPackage", "Logging")),
    "MartletConfig": Allowed(PURE, (*PLATFORM, *FOUNDATION, "TOMLKit")),
    "MartletExchange": Allowed((*PURE, "MartletExtensions", "MartletPreparation"), ("NIOCore", "Synchronization")),
    "MartletServer": Allowed(
        (
            *PURE, "MartletExtensions", "MartletPreparation", "MartletStore", "MartletLocal", "MartletConfig",
            "MartletExchange",
        ),
        (
            *PLATFORM, *FOUNDATION, "NIO*", "CNIO*", "Hummingbird*", "HTTPTypes", "AsyncHTTPClient", "Logging",
            "ServiceLifecycle", "UnixSignals", "Crypto", "Atomics", "Dispatch",
        ),
    ),
    "Martlet": Allowed(("Martlet*",), (*PLATFORM, *FOUNDATION, "NIO*", "Logging", "ServiceLifecycle")),
    "MartletClient": Allowed((), (*PLATFORM, *FOUNDATION, "NIO*", "AsyncHTTPClient", "HTTPTypes")),
    "MartletTesting": Allowed(
        (*PURE, "MartletExchange"), (*PLATFORM, *FOUNDATION, "NIO*", "CNIO*", "Testing", "Dispatch", "Logging")
    ),
    "MartletCommand": Allowed(
        (*PURE, "MartletStore", "MartletLocal", "MartletConfig", "MartletServer", "Martlet", "MartletClient"),
        (
            *PLATFORM, *FOUNDATION, "ArgumentParser", "AsyncHTTPClient", "NIO*", "Logging", "ServiceLifecycle",
            "UnixSignals", "Dispatch",
        ),
    ),
}  # fmt: skip

IMPORT = re.compile(
    r"^\s*(?:@\w+(?:\([^)]*\))?\s+)*"
    r"(?:(?:public|package|internal|fileprivate|private)\s+)?"
    r"import\s+(?:(?:struct|class|enum|protocol|typealias|func|let|var)\s+)?([A-Za-z_]\w*)"
)


def is_target(module: str) -> bool:
    return module.startswith("Martlet") or module == "martlet"


def problems(root: Path):
    """Yields one line of text for each broken rule."""
    sources = root / "Sources"
    for folder in sorted(path for path in sources.iterdir() if path.is_dir()):
        allowed = TABLE.get(folder.name)
        if allowed is None:
            yield f"{folder.relative_to(root)}:1: this target is not in the table of {Path(__file__).name}"
            continue
        for file in sorted(folder.rglob("*.swift")):
            for number, line in enumerate(file.read_text().splitlines(), 1):
                if not (match := IMPORT.match(line)):
                    continue
                module = match[1]
                patterns = allowed.targets if is_target(module) else allowed.outside
                if not any(fnmatchcase(module, pattern) for pattern in patterns):
                    yield f"{file.relative_to(root)}:{number}: {folder.name} may not import {module}"


def main() -> int:
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[1]
    found = list(problems(root))
    print(*found, sep="\n", end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
