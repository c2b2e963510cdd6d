"""Only the room `processes` starts another process."""

import ast

import pytest

from tests.contract.house import Module, imports, modules

STARTERS = {"subprocess", "multiprocessing", "concurrent.futures.process", "pty"}
STARTING = {"fork", "forkpty", "system", "popen", "posix_spawn", "ProcessPoolExecutor"} | {
    f"{name}{suffix}" for name in ("exec", "spawn") for suffix in ("l", "le", "lp", "v", "ve", "vp")
}
OTHERS = [module for module in modules() if module.room != "processes"]


def calls_of_os(module: Module) -> list[int]:
    """Lines on which something of `os` is named that starts a process."""
    return [
        node.lineno
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute)
        and node.attr in STARTING
        and isinstance(node.value, ast.Name)
        and node.value.id == "os"
    ]


@pytest.mark.parametrize("module", OTHERS, ids=lambda module: module.name)
def test_nothing_else_starts_a_process(module):
    assert [str(found) for found in imports(module) if found.is_of(STARTERS)] == []
    assert calls_of_os(module) == []


def test_the_room_itself_is_seen():
    inside = [module for module in modules() if module.room == "processes"]
    assert any(found.is_of(STARTERS) for module in inside for found in imports(module))
