"""The steps that people take with a keyed form in tests: the real ones, by as many people."""

from collections.abc import Iterable
from pathlib import Path

from downtime import config
from downtime.accounts import homes
from downtime.config import Home
from downtime.entry import double_keying, verify_entry
from downtime.entry.model import Entry, Task
from downtime.entry.open_form import open_form
from downtime.vault.model import Actor


def asked(vault, settings, serial, answers) -> dict[str, str]:
    """Those of these answers that a second person is asked for."""
    keys = open_form(vault, serial, settings).second_keys
    return {key: text for key, text in answers.items() if key in keys}


def key_again(vault, settings, serial, checker) -> Entry:
    """Another person reads in every field that they key what the first one read."""
    answers = asked(vault, settings, serial, open_form(vault, serial, settings).answers)
    return double_keying.submit_second_keying(vault, settings, serial, answers, checker)


def see_through(vault, settings, serial, checker) -> Entry:
    """Key again what is keyed twice, and compare what is compared, until the entry is verified."""
    entry = open_form(vault, serial, settings).entry
    if entry.waits == Task.KEY_AGAIN:
        entry = key_again(vault, settings, serial, checker)
    if entry.waits == Task.COMPARE:
        entry = verify_entry.verify_entry(vault, serial, checker)
    return entry


def key_again_in_home(path: Path, key: Path, clock, serials: Iterable[str], person: Actor) -> None:
    """As `key_again`, in a home that commands work with: there is a screen for it, and no command."""
    home = Home(path)
    settings = config.load_settings(home.config_file)
    opened = homes.open_with_file(home, settings, clock, key)
    for serial in serials:
        key_again(opened.vault, settings, serial, person)
    opened.vault.close()
