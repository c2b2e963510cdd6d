"""The script of a drill: the site's own (`drill.yaml` in its home), else the one that comes along."""

from collections.abc import Mapping
from typing import Any

import yaml

from downtime.config import Home, data_folder
from downtime.errors import InputError
from downtime.paper.drills.model import Goal, Inject


def read_script(home: Home) -> list[Inject]:
    """The injects in their order; InputError when the file cannot be read as a script."""
    own_file = home.path / "drill.yaml"
    path = own_file if own_file.exists() else data_folder("templates") / "web" / "drill.yaml"
    try:
        injects = [_read_inject(row) for row in yaml.safe_load(path.read_text(encoding="utf-8"))]
    except (yaml.YAMLError, KeyError, TypeError, AttributeError, ValueError):
        raise InputError(
            "drill.invalid",
            f"{path.name} cannot be read as the script of a drill.",
            "Each inject needs 'minute' and 'say', and with a 'goal' the minutes; compare with the"
            " original.",
        ) from None
    return sorted(injects, key=lambda inject: inject.minute)


def _read_inject(row: Mapping[str, Any]) -> Inject:
    goal = Goal(row["goal"]) if row.get("goal") else None
    return Inject(
        int(row["minute"]), str(row["say"]), goal, int(row["within_minutes"]) if goal else 0
    )
