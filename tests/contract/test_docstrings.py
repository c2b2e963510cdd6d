"""What docstrings name in backticks is there: a renamed function takes its mentions along."""

import ast
import re
from collections.abc import Iterator

from tests.contract import house
from tests.contract.house import Module

NAMED = re.compile(r"`@?(\w+(?:\.\w+)*)(?:\(.*?\))?`")


def docstrings(module: Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(module.tree):
        match node:
            case ast.Expr(value=ast.Constant(value=str(text))):
                yield node.lineno, text


def known_names() -> set[str]:
    """Everything that any module binds, imports, reads as an attribute or spells in a string."""
    known: set[str] = set()
    for module in house.modules():
        known.update(module.name.split("."))
        known.update(*(re.findall(r"\w+", text) for _, text in house.texts(module)))
        for node in ast.walk(module.tree):
            match node:
                case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.Name(id=name):
                    known.add(name)
                case ast.Attribute(attr=name) | ast.arg(arg=name) | ast.keyword(arg=str(name)):
                    known.add(name)
                case ast.alias(name=name):
                    known.update(name.split("."))
    return known


def test_names_in_docstrings_exist():
    """Names with an underscore are code; other words may be values, codes or examples."""
    known = known_names()
    missing = [
        f"{module.path.relative_to(house.ROOT)}:{line} `{name}`"
        for module in house.modules()
        for line, text in docstrings(module)
        for name in NAMED.findall(text)
        if "_" in name.strip("_") and not set(name.split(".")) <= known
    ]
    assert missing == []


def test_the_check_itself_finds_a_name_that_is_gone():
    assert NAMED.findall("as `used_ahead` gives it, by `@reads(x)`") == ["used_ahead", "reads"]
    assert "used_ahead" not in known_names()
