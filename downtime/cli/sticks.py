"""Sticks with the keys of a site's root, as options of commands."""

from collections.abc import Iterable
from pathlib import Path

import click

from downtime.cli.session import prompt_for
from downtime.fleet import site_keys
from downtime.fleet.site_keys import SiteKey

STICK = click.option(
    "--stick",
    "sticks",
    multiple=True,
    required=True,
    type=click.Path(exists=True, path_type=Path),
    help="Folder of a stick with a key of the site's root; may be repeated.",
)


def open_keys(sticks: Iterable[Path]) -> list[SiteKey]:
    """The keys on sticks; the passphrase of each is asked for."""
    return [
        site_keys.open_site_key(path, prompt_for(f"Passphrase of {path.name}", secret=True))
        for path in site_keys.find_key_files(sticks)
    ]
