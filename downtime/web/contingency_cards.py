"""The contingency instructions of a site: one card for each system, read from a YAML file."""

from dataclasses import dataclass
from pathlib import Path

import yaml

from downtime.config import Home, data_folder
from downtime.errors import InputError

ANY_SYSTEM = "any"
"""The card for every outage, whatever has failed."""


@dataclass(frozen=True, slots=True)
class ContingencyCard:
    """What to do when one system is down."""

    system: str
    title: str
    steps: tuple[str, ...]
    call: str = ""


def read_cards(home: Home) -> list[ContingencyCard]:
    """The site's own cards (`guidance.yaml` in its home), else those that come with Downtime.

    InputError when the file cannot be read as cards.
    """
    own_file = home.path / "guidance.yaml"
    path = own_file if own_file.exists() else data_folder("templates") / "web" / "guidance.yaml"
    return _read(path)


def _read(path: Path) -> list[ContingencyCard]:
    try:
        documents = yaml.safe_load(path.read_text(encoding="utf-8"))
        return [
            ContingencyCard(
                str(card["system"]),
                str(card["title"]),
                tuple(map(str, card["steps"])),
                str(card.get("call", "")),
            )
            for card in documents
        ]
    except (yaml.YAMLError, KeyError, TypeError, AttributeError, UnicodeDecodeError):
        raise InputError(
            "guidance.invalid",
            f"{path.name} cannot be read as instructions.",
            "Each card needs 'system', 'title' and a list of 'steps'; compare with the original.",
        ) from None
