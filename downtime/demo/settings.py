"""The part of `config.toml` that a home of the demonstration hospital needs."""

from importlib.resources import files

_NAMES = {"small": "Fairwater General Hospital", "large": "Fairwater University Hospital"}


def settings_text(size: str) -> str:
    """The site, the applications and the table mappings, as TOML; `size` is small or large."""
    text = (files("downtime.demo") / "data" / "settings.toml").read_text(encoding="utf-8")
    return text.replace('"NAME"', f'"{_NAMES[size]}"', 1)
