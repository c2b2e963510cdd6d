"""The unusual values of an entry that somebody confirmed, worded for whoever verifies or decides."""

from typing import NamedTuple
from zoneinfo import ZoneInfo

from downtime.entry.keyed_form import KeyedForm
from downtime.entry.open_form import open_form
from downtime.entry.plausibility.wording import label_field, word_confirmation
from downtime.entry.validation import keyed_fields
from downtime.errors import UserError
from downtime.settings import Settings
from downtime.vault.vault import Vault


class ConfirmedValue(NamedTuple):
    """One of them."""

    key: str
    label: str
    value: str
    sentence: str
    """What is unusual, who confirmed it, when and why."""


def list_confirmed(form: KeyedForm, settings: Settings) -> list[ConfirmedValue]:
    """Those of a form, in its order."""
    fields, zone = keyed_fields(form.definition), ZoneInfo(settings.site.time_zone)
    return [
        ConfirmedValue(
            confirmation.key,
            label_field(fields, confirmation.key),
            form.answers.get(confirmation.key, ""),
            word_confirmation(confirmation, fields, zone),
        )
        for confirmation in (form.entry.confirmations if form.entry else ())
    ]


def list_confirmed_of_fact(
    vault: Vault, settings: Settings, serial: str, fact_key: str
) -> list[ConfirmedValue]:
    """Those that a fact rests on: of its row and of the form as a whole; none of an event on the screen."""
    try:
        form = open_form(vault, serial, settings)
    except UserError:
        return []
    row = fact_key.rpartition("-")[2]
    return [
        value
        for value in list_confirmed(form, settings)
        if not row.isdecimal() or value.key.partition(":")[2] in ("", row)
    ]
