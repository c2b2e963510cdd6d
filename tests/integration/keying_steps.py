"""The steps that people take with a keyed form in tests: the real ones, by as many people."""

from collections.abc import Callable, Iterable
from pathlib import Path

from downtime import config
from downtime.accounts import homes
from downtime.config import Home
from downtime.entry import double_keying, keying, verify_entry
from downtime.entry.facts import PERSON_CHECK, PersonCheck
from downtime.entry.judge_answers import ConfirmRequests
from downtime.entry.model import Entry, Task
from downtime.entry.open_form import open_form
from downtime.entry.plausibility.model import ConfirmReason, ConfirmRequest
from downtime.entry.validation import InvalidAnswersError
from downtime.vault.model import Actor


def confirm_all(error: InvalidAnswersError) -> ConfirmRequests:
    """Everything that is asked about stands so on the paper."""
    tokens: dict[str, set[str]] = {}
    for problem in error.problems:
        tokens.setdefault(problem.key, set()).add(problem.token)
    return {
        key: ConfirmRequest(frozenset(shown), ConfirmReason.ON_PAPER)
        for key, shown in tokens.items()
    }


def confirming(submit: Callable[[ConfirmRequests], Entry]) -> Entry:
    """Send something; what is asked about it is confirmed, and it is sent once more."""
    try:
        return submit({})
    except InvalidAnswersError as error:
        return submit(confirm_all(error))


SAME_PERSON = {"linkId": PERSON_CHECK, "answer": [{"valueString": PersonCheck.SAME.value}]}
"""Item of a response: the paper is about whom it was printed for."""


def submit_checked(vault, settings, serial, answers, actor, **options) -> Entry:
    """Enter a form as `keying.submit_entry`; whom it was printed for is on the paper, as a screen asks."""
    is_printed = open_form(vault, serial).identity_known
    check = {PERSON_CHECK: PersonCheck.SAME} if is_printed else {}
    return keying.submit_entry(vault, settings, serial, {**check, **answers}, actor, **options)


def submit_confirmed(vault, settings, serial, answers, actor, **options) -> Entry:
    """Enter a form as `submit_checked`, and confirm what is unusual about it."""
    return confirming(
        lambda confirmed: submit_checked(
            vault, settings, serial, answers, actor, confirmed=confirmed, **options
        )
    )


def asked(vault, settings, serial, answers) -> dict[str, str]:
    """Those of these answers that a second person is asked for."""
    keys = open_form(vault, serial, settings).second_keys
    return {key: text for key, text in answers.items() if key in keys}


def key_again(vault, settings, serial, checker) -> Entry:
    """Another person reads in every field that they key what the first one read."""
    answers = asked(vault, settings, serial, open_form(vault, serial, settings).answers)
    return confirming(
        lambda confirmed: double_keying.submit_second_keying(
            vault, settings, serial, answers, checker, confirmed=confirmed
        )
    )


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
