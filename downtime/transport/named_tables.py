"""The tables `[…NAME]` of config.toml that each describe another machine, by a `kind`. Pure."""

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any, Protocol, TypeVar

from downtime import config
from downtime.errors import InputError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
Kind = TypeVar("Kind", bound=StrEnum)


class TableSettings(Protocol):
    """What the settings of every kind have."""

    def find_faults(self) -> Iterator[tuple[str, str]]:
        """Each key that cannot be used, and what is wrong with it."""


Settings = TypeVar("Settings", bound=TableSettings)


def read_named_table(
    name: str,
    table: Any,
    types: Mapping[Kind, type[Settings]],
    *,
    prefix: str,
    subject: str,
    page: str,
) -> Settings:
    """One table as the settings of its kind; InputError names the first mistake.

    `prefix` stands before the name in config.toml, `subject` is the word for what it describes,
    `page` is where its keys are listed.
    """

    def refuse(key: str, fault: str) -> InputError:
        where = f"{prefix}.{name}" + (f".{key}" if key else "")
        return InputError(
            f"{subject}.setting",
            f"The setting '{where}' in config.toml {fault}.",
            f"{page} lists what can be set for a {subject}.",
        )

    if not _NAME.fullmatch(name):
        raise refuse("", "must have a name of letters, digits, - and _")
    if not isinstance(table, Mapping):
        raise refuse("", "must be a table")
    kind = next((kind for kind in types if kind.value == table.get("kind")), None)
    if kind is None:
        raise refuse("kind", f"must be one of {', '.join(types)}")
    parsed = config.parse_table(types[kind], {**table, "kind": kind}, f"{prefix}.{name}.", page)
    for key, fault in parsed.find_faults():
        raise refuse(key, fault)
    return parsed
