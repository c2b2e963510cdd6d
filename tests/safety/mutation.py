"""Change the modules on which a patient's safety hangs a little, and see whether their tests notice.

Run by `scripts/mutation [NAME …]`. A mutant differs in one place: a comparison, a sign, a number, a condition, an
`and`, a text that is returned. It lives in the memory of a process of its own, into which the changed source is
imported; no file is touched. Exit 0 when at least `GOAL` of a hundred are noticed.
"""

import argparse
import ast
import copy
import importlib
import importlib.abc
import importlib.util
import json
import os
import random
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from types import ModuleType

import pytest

from tests.safety.forked_tests import LOADED
from tests.safety.model import ROOT

GOAL = 95
MUTANT_SECONDS = 300

_FEEDS, _SPEC, _SNAPSHOT = "tests/unit/feeds/", "tests/spec/", "tests/unit/snapshot/"
SUBJECTS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "identity": (
        ("downtime/reconcile/identity/judge_match.py", "downtime/reconcile/identity/signs.py",
         "downtime/clinical/identifiers.py", "downtime/snapshot/identity.py"),
        (_SPEC + "reconcile/test_judge_match.py", _SPEC + "reconcile/test_signs.py",
         _SPEC + "reconcile/test_comparison.py", _SPEC + "clinical/test_identifiers.py",
         _SNAPSHOT + "test_identity.py", "tests/unit/paper/test_serials.py"),
    ),
    "units": (
        ("downtime/feeds/hl7/data_types.py", "downtime/clinical/trends.py"),
        (_FEEDS + "test_hl7_text.py", _FEEDS + "test_hl7_orders.py", _FEEDS + "test_hl7_adt.py",
         _FEEDS + "test_hl7_medicines.py", _SPEC + "clinical/test_doses.py",
         _SPEC + "clinical/test_display.py"),
    ),
    "doses": (
        ("downtime/clinical/doses.py", "downtime/clinical/match_doses.py",
         "downtime/entry/plausibility/dose_rules.py", "downtime/clinical/news2.py",
         "downtime/paper/forms/medicine_words.py"),
        (_SPEC + "clinical/test_doses.py", _SPEC + "clinical/test_match_doses.py",
         _SPEC + "clinical/test_news2.py", "tests/unit/entry/test_plausibility.py",
         "tests/unit/paper/test_medicine_words.py"),
    ),
    "allergies": (
        ("downtime/feeds/hl7/allergies.py", "downtime/reconcile/rules/allergies.py"),
        (_FEEDS + "test_hl7_alerts.py", _FEEDS + "test_hl7_adt.py", _FEEDS + "test_fhir_meaning.py",
         _SPEC + "reconcile/test_tables.py"),
    ),
    "staleness": (
        ("downtime/snapshot/freshness.py", "downtime/snapshot/availability.py"),
        (_SNAPSHOT + "test_freshness.py", _SNAPSHOT + "test_availability.py",
         _SNAPSHOT + "test_word_counts.py"),
    ),
}  # fmt: skip
"""By name: the modules, and the tests that are to notice."""

_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE,
    ast.GtE: ast.Gt, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
_OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult, ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change: the module's file, where, what it was and what it became."""

    subject: str
    file: str
    line: int
    change: str
    source: str
    tests: tuple[str, ...]


def list_mutants(subject: str) -> Iterator[Mutant]:
    """Every mutant of the modules of a subject."""
    files, tests = SUBJECTS[subject]
    for file in files:
        tree = ast.parse((ROOT / file).read_text("utf-8"))
        for index, node in enumerate(_list_code(tree)):
            for kind, _ in enumerate(_list_changes(copy.deepcopy(node))):
                changed = copy.deepcopy(tree)
                target = list(_list_code(changed))[index]
                before = ast.unparse(target)
                list(_list_changes(target))[kind]()
                change = f"{before[:100]} → {ast.unparse(target)[:100]}"
                yield Mutant(subject, file, node.lineno, change, ast.unparse(changed), tests)


def _list_code(tree: ast.AST) -> Iterator[ast.expr | ast.stmt]:
    """What a program does; not its types, its texts for readers, or what it imports."""
    skipped: set[int] = set()
    for node in ast.walk(tree):
        if id(node) in skipped:
            skipped |= {id(child) for child in ast.iter_child_nodes(node)}
            continue
        skipped |= {id(decorator) for decorator in getattr(node, "decorator_list", ())}
        for name in ("annotation", "returns"):
            if annotation := getattr(node, name, None):
                skipped.add(id(annotation))
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("Error"):
            skipped |= {id(child) for child in ast.iter_child_nodes(node)}  # the words of a refusal
        if isinstance(node, ast.Compare | ast.BoolOp | ast.BinOp | ast.If | ast.IfExp | ast.Return
                      | ast.Constant):  # fmt: skip
            yield node


def _list_changes(node: ast.AST) -> Iterator[Callable[[], object]]:
    """Functions that change a node, each in one way."""
    if isinstance(node, ast.Compare) and type(node.ops[0]) in _COMPARISONS:
        yield lambda: node.ops.__setitem__(0, _COMPARISONS[type(node.ops[0])]())
    elif isinstance(node, ast.BoolOp):
        other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield lambda: setattr(node, "op", other)
    elif isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        yield lambda: setattr(node, "op", _OPERATORS[type(node.op)]())
    elif isinstance(node, ast.If | ast.IfExp):
        yield lambda: setattr(node, "test", ast.UnaryOp(ast.Not(), node.test))
    elif isinstance(node, ast.Constant) and type(node.value) is bool:
        yield lambda: setattr(node, "value", not node.value)
    elif isinstance(node, ast.Constant) and type(node.value) is int:
        yield lambda: setattr(node, "value", node.value + 1)
    elif isinstance(node, ast.Return) and node.value and not isinstance(node.value, ast.Constant):
        yield lambda: setattr(node, "value", ast.Constant(None))


class _Changed(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Imports one module from another source than its file's."""

    def __init__(self, mutant: Mutant) -> None:
        self._name = mutant.file.removesuffix(".py").replace("/", ".")
        self._path, self._source = ROOT / mutant.file, mutant.source

    def find_spec(self, fullname: str, path: object, target: ModuleType | None = None) -> object:
        """Of that module alone."""
        if fullname != self._name:
            return None
        return importlib.util.spec_from_file_location(fullname, self._path, loader=self)

    def get_source(self, fullname: str) -> str:
        """The changed one."""
        return self._source


def is_noticed(mutant: Mutant) -> bool:
    """Whether a test fails, in a process that knows the module only as it was changed."""
    child = os.fork()
    if child == 0:
        os._exit(_run_tests(mutant))
    _, status = os.waitpid(child, 0)
    return status != 0


def _run_tests(mutant: Mutant) -> int:
    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)
    signal.alarm(MUTANT_SECONDS)  # one that never ends is noticed too
    sys.meta_path.insert(0, _Changed(mutant))
    with tempfile.TemporaryDirectory() as folder:
        options = ["-x", "-q", "-p", "no:cacheprovider", "--basetemp", f"{folder}/t"]
        return int(pytest.main([*options, *mutant.tests]))


def main() -> int:
    """0 when enough are noticed."""
    parser = argparse.ArgumentParser("scripts/mutation", description=__doc__)
    parser.add_argument("name", nargs="*", help=f"{', '.join(SUBJECTS)}; all when none is named")
    parser.add_argument("--sample", type=int, default=0, help="so many of each subject, at random")
    parser.add_argument("--seed", type=int, default=1, help="another sample")
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    parser.add_argument("--workers", type=int, default=2, help="how many at a time (2)")
    arguments = parser.parse_args()
    names = arguments.name or list(SUBJECTS)
    if unknown := set(names) - set(SUBJECTS):
        parser.error(f"there is no {', '.join(sorted(unknown))}")
    os.chdir(ROOT)
    _load_what_never_changes()
    rows = [_try_subject(name, arguments) for name in names]
    if arguments.json:
        print(json.dumps({"mutants": rows}, indent=2, ensure_ascii=False))
    return 0 if all(row["noticed"] * 100 >= GOAL * row["tried"] for row in rows) else 1


def _load_what_never_changes() -> None:
    """Once, before the processes part: half of the time of each."""
    for name in LOADED:
        with suppress(ImportError):
            importlib.import_module(name)


def _passes_unchanged(mutant: Mutant) -> bool:
    source = (ROOT / mutant.file).read_text("utf-8")
    return not is_noticed(replace(mutant, source=source))


def _try_subject(name: str, arguments: argparse.Namespace) -> dict[str, object]:
    mutants: Sequence[Mutant] = list(list_mutants(name))
    total = len(mutants)
    if not _passes_unchanged(mutants[0]):
        sys.exit(f"The tests of {name} fail as the program is: nothing follows from a mutant.")
    if 0 < arguments.sample < total:
        mutants = random.Random(arguments.seed).sample(mutants, arguments.sample)
    with ThreadPoolExecutor(arguments.workers) as pool:
        noticed = list(pool.map(is_noticed, mutants))
    survivors = [mutant for mutant, is_found in zip(mutants, noticed, strict=True) if not is_found]
    for mutant in survivors:
        print(f"{mutant.file}:{mutant.line}: {mutant.change}", file=sys.stderr, flush=True)
    print(f"{name}: {sum(noticed)} of {len(mutants)} noticed", file=sys.stderr, flush=True)
    return {
        "subject": name, "mutants": total, "tried": len(mutants), "noticed": sum(noticed),
        "survivors": [f"{m.file}:{m.line}: {m.change}" for m in survivors],
    }  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
