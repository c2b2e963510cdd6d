"""Values as text for config.toml, as its reader takes them back."""

import json
import re
from collections.abc import Mapping, Sequence

_BARE = re.compile(r"[A-Za-z0-9_-]+")

TomlValue = str | bool | int | Sequence[str] | Mapping[str, str]


def format_value(value: TomlValue) -> str:
    """A text in quotes, a list, or a table in one line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, Mapping):
        pairs = (f"{_format_key(name)} = {format_value(text)}" for name, text in value.items())
        return f"{{ {', '.join(pairs)} }}"
    return f"[{', '.join(map(format_value, value))}]"


def format_table(*names: str) -> str:
    """`[feeds.tables.ward-list]`."""
    return f"[{'.'.join(map(_format_key, names))}]"


def _format_key(name: str) -> str:
    return name if _BARE.fullmatch(name) else format_value(name)
