"""Run benchmarks by name and set each figure beside what it is compared with and its goal."""

import argparse
import importlib
import json
import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

FIELDS = ("name", "value", "unit", "compared_with", "goal", "ok")


def main() -> int:
    """0 when every figure reaches its goal, 1 when one misses it, 2 for an unknown name."""
    names = available()
    arguments = parse(names)
    with everything_to_standard_error():
        before = os.getloadavg()
        figures = [figure for name in arguments.names or names for figure in run(name)]
    report = {"figures": figures, "machine": machine(before)}
    print(json.dumps(report, indent=2)) if arguments.json else show(report)
    missed = [figure["name"] for figure in figures if not figure["ok"]]
    if missed:
        print(f"Missed its goal: {', '.join(missed)}", file=sys.stderr)
    return 1 if missed else 0


def available() -> list[str]:
    """The modules beside this one; each has `figures() -> list[dict]`."""
    return sorted(p.stem for p in Path(__file__).parent.glob("*.py") if not p.stem.startswith("_"))


def parse(names: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("scripts/bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(names)}")
    parser.add_argument("--json", action="store_true", help="one document on standard output")
    arguments = parser.parse_args()
    if unknown := sorted(set(arguments.names) - set(names)):
        parser.error(f"no benchmark is called {', '.join(unknown)}; there are {', '.join(names)}")
    return arguments


def run(name: str) -> list[dict[str, Any]]:
    """The figures of one benchmark; one that lacks a field is a bug of that benchmark."""
    print(f"Running {name} …", file=sys.stderr)
    figures = importlib.import_module(name).figures()
    return [{field: figure[field] for field in FIELDS} for figure in figures]


@contextmanager
def everything_to_standard_error() -> Iterator[None]:
    """Keep standard output for the report, whatever a library or a child process prints."""
    sys.stdout.flush()
    standard_output = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(standard_output, 1)
        os.close(standard_output)


def machine(load_before: tuple[float, float, float]) -> dict[str, Any]:
    """What the figures were measured on, and how busy it was (load averages of one minute)."""
    return {
        "cpu": cpu_model(),
        "cores": os.cpu_count(),
        "load_before": round(load_before[0], 2),
        "load_after": round(os.getloadavg()[0], 2),
        "system": platform.platform(),
        "python": platform.python_version(),
    }


def cpu_model() -> str:
    """The processor's name, or its architecture where the system does not tell."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.machine())


def show(report: dict[str, Any]) -> None:
    table = Table("figure", "value", "unit", "compared with", "goal", "")
    for figure in report["figures"]:
        verdict = "ok" if figure["ok"] else "MISSED"
        texts = (figure["name"], figure["value"], figure["unit"], figure["compared_with"])
        table.add_row(*map(text, texts), text(figure["goal"]), verdict)
    console = Console()
    console.print(table)
    console.print(", ".join(f"{name} {value}" for name, value in report["machine"].items()))


def text(value: object) -> str:
    """A number with thousands separated and three significant places, anything else as it is."""
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.3g}"
    return f"{value:,}" if isinstance(value, int) else str(value)


if __name__ == "__main__":
    sys.exit(main())
