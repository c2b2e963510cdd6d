"""Which names of the sources say nothing, and where; docs/glossary.md has the words to use."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.contract import house

SAY_NOTHING = frozenset(
    [
        "about",
        "again",
        "alike",
        "apart",
        "beside",
        "bench",
        "came",
        "crew",
        "doubled",
        "doubt",
        "doubts",
        "each",
        "every",
        "found",
        "given",
        "hand",
        "hands",
        "held",
        "here",
        "keeper",
        "kept",
        "late",
        "left",
        "made",
        "marks",
        "near",
        "one",
        "own",
        "rest",
        "said",
        "sheaf",
        "some",
        "spots",
        "tell",
        "tells",
        "there",
        "told",
        "turn",
        "turned",
        "twice",
        "twins",
        "way",
        "words",
    ]
)
"""As a whole name, whatever its case and whatever underscores surround it."""


class Name(NamedTuple):
    """A function, class, parameter, local variable or field where it is first bound."""

    path: Path
    line: int
    kind: str
    name: str

    @property
    def says_nothing(self) -> bool:
        return self.name.strip("_").lower() in SAY_NOTHING

    def __str__(self) -> str:
        return f"{self.path.relative_to(house.ROOT)} {self.line} {self.name}  ({self.kind})"


def all_names() -> Iterator[Name]:
    """Every name that the package binds, once for each scope."""
    for module in house.modules():
        for line, kind, name in names(module.tree):
            yield Name(module.path, line, kind, name)


def names(tree: ast.Module) -> Iterator[tuple[int, str, str]]:
    """Those of one module: its own variables, and what each function and class binds."""
    yield from variables(tree.body, "variable")
    for scope in ast.walk(tree):
        match scope:
            case ast.FunctionDef(name=name, body=body) | ast.AsyncFunctionDef(name=name, body=body):
                yield scope.lineno, "function", name
                yield from parameters(scope.args)
                yield from variables(body, "local")
            case ast.Lambda():
                yield from parameters(scope.args)
            case ast.ClassDef(name=name, body=body):
                yield scope.lineno, "class", name
                yield from variables(body, "field")


def parameters(arguments: ast.arguments) -> Iterator[tuple[int, str, str]]:
    """The parameters of a function, those for the rest included."""
    several = [arguments.vararg, arguments.kwarg]
    for argument in [
        *arguments.posonlyargs,
        *arguments.args,
        *arguments.kwonlyargs,
        *filter(None, several),
    ]:
        yield argument.lineno, "parameter", argument.arg


def variables(body: list[ast.stmt], kind: str) -> Iterator[tuple[int, str, str]]:
    """What these statements bind, without the functions and classes inside them."""
    bound: set[str] = set()
    waiting: list[ast.AST] = list(body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            continue
        match node:
            case (
                ast.Name(id=str(name), ctx=ast.Store())
                | ast.MatchAs(name=str(name))
                | ast.MatchStar(name=str(name))
                | ast.ExceptHandler(name=str(name))
            ):
                if name not in bound:
                    bound.add(name)
                    yield getattr(node, "lineno", 0), kind, name
        waiting.extend(ast.iter_child_nodes(node))


def main(prefixes: list[str]) -> None:
    """Print those under these paths, in a form that can be read by eye or by a program."""
    for name in all_names():
        place = str(name.path.relative_to(house.ROOT))
        if name.says_nothing and (not prefixes or place.startswith(tuple(prefixes))):
            print(name)


if __name__ == "__main__":
    main(sys.argv[1:])
