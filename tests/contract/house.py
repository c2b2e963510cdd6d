"""The house as data: its floors, what some rooms must not know, and how to read the sources."""

import ast
import importlib.util
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "downtime"

FLOORS = {
    "errors": 0,
    "config": 0,
    "settings": 0,
    "fleet_settings": 0,
    "outage_settings": 0,
    "paper_settings": 0,
    "plausibility_settings": 0,
    "setting_fields": 0,
    "access_settings": 0,
    "clock": 0,
    "security_events": 0,
    "syslog": 0,
    "processes": 0,
    "clinical": 1,
    "pdf": 2,
    "vault": 3,
    "accounts": 4,
    "transport": 4,
    "feeds": 5,
    "ingest": 6,
    "snapshot": 7,
    "fleet": 8,
    "outage": 9,
    "paper": 10,
    "scanning": 11,
    "entry": 12,
    "sync": 13,
    "reconcile": 14,
    "returns": 15,
    "demo": 16,
    "web": 17,
    "cli": 17,
}

GROUND = {
    "access_settings",
    "errors", "config", "settings", "fleet_settings", "setting_fields", "clock", "processes",
    "outage_settings", "paper_settings", "plausibility_settings", "security_events", "syslog",
}  # fmt: skip

DATABASES = {"sqlite3", "sqlcipher3", "sqlite_utils"}
FILES = {"io", "os", "pathlib", "shutil", "tempfile"}
PDF = {"pikepdf", "weasyprint", "fontTools", "zxingcpp"}
WEB = {"flask", "flask_login", "flask_wtf", "werkzeug", "waitress"}

MUST_NOT_KNOW = {
    "clinical": FILES | DATABASES | WEB,
    "pdf": WEB | DATABASES | {"downtime.clinical"},
    "vault": WEB | {"downtime.clinical"},
    "accounts": WEB | {"downtime.clinical"},
    "feeds": WEB | DATABASES | {"downtime.vault", "downtime.accounts"},
    "ingest": WEB | PDF,
    "snapshot": WEB | PDF,
    "fleet": WEB | PDF,
    "outage": WEB | PDF,
    "paper": WEB,
    "scanning": WEB | {"downtime.feeds"},
    "entry": WEB,
    "sync": WEB | {"downtime.feeds"},
    "reconcile": WEB | {"downtime.feeds"},
    "returns": WEB,
    "web": DATABASES,
    "cli": DATABASES,
}
"""What a room must not import although it may lie below it, or outside the project."""


class Module(NamedTuple):
    """One source file of the package: `downtime.vault.audit` lives in the room `vault`."""

    name: str
    room: str
    path: Path
    tree: ast.Module


class Import(NamedTuple):
    """One name that a module imports, with its line."""

    module: Module
    target: str
    line: int

    @property
    def room(self) -> str:
        """The room imported from, or empty when it is none of ours."""
        top, _, path_in_package = self.target.partition(".")
        room = path_in_package.partition(".")[0]
        return room if top == "downtime" and room in FLOORS else ""

    def is_of(self, names: set[str]) -> bool:
        """Whether it imports one of these packages or something inside one."""
        return any(self.target == name or self.target.startswith(f"{name}.") for name in names)

    def __str__(self) -> str:
        return f"{self.module.path.relative_to(ROOT)}:{self.line} imports {self.target}"


@cache
def modules() -> tuple[Module, ...]:
    """Every module of the package."""
    return tuple(_module(path) for path in sorted(PACKAGE.rglob("*.py")))


def _module(path: Path) -> Module:
    parts = path.relative_to(ROOT).with_suffix("").parts
    name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    room = "" if name == "downtime" else name.split(".")[1]
    return Module(name, room, path, ast.parse(path.read_text(encoding="utf-8")))


def imports(module: Module) -> Iterator[Import]:
    """All imports of a module, those inside functions and those by name (`import_module`) too."""
    for node in ast.walk(module.tree):
        for target in targets(node, package(module)):
            yield Import(module, target, getattr(node, "lineno", 0))


def package(module: Module) -> str:
    """The package against which its relative imports are resolved."""
    is_package = module.path.name == "__init__.py"
    return module.name if is_package else module.name.rpartition(".")[0]


def targets(node: ast.AST, package: str) -> Iterator[str]:
    """What one node imports, as absolute names."""
    match node:
        case ast.Import(names=names):
            yield from (alias.name for alias in names)
        case ast.ImportFrom(module=name, names=names, level=level):
            base = package.split(".")[: len(package.split(".")) - level + 1] if level else []
            origin = ".".join([*base, *([name] if name else [])])
            yield from (f"{origin}.{alias.name}" for alias in names)
        case ast.Call(
            func=ast.Name(id="import_module" | "__import__") | ast.Attribute(attr="import_module"),
            args=[ast.Constant(value=str(name)), *_],
        ):
            yield name


def texts(module: Module) -> Iterator[tuple[int, str]]:
    """Every string of a module that is not a docstring, with its line; f-strings in their parts."""
    documentation = {id(node.value) for node in ast.walk(module.tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(module.tree):
        match node:
            case ast.Constant(value=str(text)) if id(node) not in documentation:
                yield node.lineno, text


def generator() -> ModuleType:
    """`scripts/generate_docs.py` as a module."""
    path = ROOT / "scripts" / "generate_docs.py"
    specification = importlib.util.spec_from_file_location("generate_docs", path)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module
