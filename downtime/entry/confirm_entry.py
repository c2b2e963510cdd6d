"""Confirm an implausible value that is kept already: imported, or merged from another machine."""

from dataclasses import replace

from downtime.entry import confirm_policies, policies
from downtime.entry.claims import check_not_claimed
from downtime.entry.judge_answers import (
    ConfirmRequests,
    find_unconfirmed,
    judge_answers,
    trace_confirmations,
)
from downtime.entry.keyed_form import KeyedForm
from downtime.entry.model import AuditAction, Entry, Task
from downtime.entry.open_form import open_form
from downtime.entry.plausibility.model import Finding
from downtime.entry.store import claims, entries
from downtime.entry.validation import InvalidAnswersError
from downtime.settings import Settings
from downtime.vault.model import Actor
from downtime.vault.vault import Vault


def list_to_confirm(
    vault: Vault, settings: Settings, serial: str
) -> tuple[KeyedForm, list[Finding]]:
    """A form that waits to be confirmed, and what of it is implausible; ConflictError for any other."""
    form = open_form(vault, serial, settings)
    entry = policies.check_waits_for(form.entry, form.issued.serial, Task.CONFIRM)
    return form, find_unconfirmed(vault, settings, form, entry)


def confirm_entry(
    vault: Vault, settings: Settings, serial: str, confirmed: ConfirmRequests, actor: Actor
) -> Entry:
    """Say why each implausible value of a kept entry stands; then it goes on to its second person.

    Whoever confirms has seen what was keyed, and so cannot key it blind.

    InvalidAnswersError for what is still asked; ConflictError for what is impossible, and unless the
    form waits for this.
    """
    form, findings = list_to_confirm(vault, settings, serial)
    confirm_policies.check_can_confirm(findings)
    number = form.issued.serial
    with vault.change(actor, AuditAction.ENTRY_CONFIRM, target=number) as db:
        check_not_claimed(db, number, actor, vault.now())
        form = open_form(vault, number, settings)
        entry = policies.check_waits_for(form.entry, number, Task.CONFIRM)
        judged = judge_answers(vault, settings, form, entry.answers, confirmed, actor)
        if judged.problems:
            raise InvalidAnswersError(list(judged.problems))
        entry = replace(
            entry,
            confirmations=judged.confirmations,
            waits=policies.find_first_task(entry, is_critical=bool(form.critical_keys)),
            sampled=1,
            changed=vault.now(),
        )
        entries.save_entry(db, entry)
        trace_confirmations(db, number, judged, actor, vault.now())
        claims.delete(db, number)
    return entry
