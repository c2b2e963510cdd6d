"""Print one form again: the same values under a new serial, and the old one is void."""

from typing import BinaryIO

import orjson

from downtime.errors import ConflictError, InputError
from downtime.paper import ledger, serials
from downtime.paper.model import OUT, IssuedForm
from downtime.paper.packs import pack, pack_ledger
from downtime.paper.packs.model import DEFAULT_OPTIONS, PrintOptions
from downtime.paper.packs.pack import PackResult
from downtime.paper.packs.print_run import PrintRun
from downtime.paper.printed_definition import get_printed_definition
from downtime.paper.store import issued_forms
from downtime.settings import Settings
from downtime.vault.audit import Actor
from downtime.vault.vault import Vault


def print_again(
    vault: Vault,
    settings: Settings,
    serial: str,
    actor: Actor,
    reason: str,
    out: BinaryIO,
    *,
    options: PrintOptions = DEFAULT_OPTIONS,
) -> PackResult:
    """Print a form that is still out again, as it was: version, values and age of the data.

    The old serial is void once the new page is handed over. InputError without a reason, or for a
    list (print the ward's changes); ConflictError when the form is no longer out.
    """
    old = ledger.get_form(vault, serial)
    _check(old, reason)
    values = issued_forms.fetch_content(vault.db, old.serial)
    layout = issued_forms.fetch_layout(vault.db, old.layout)
    if not values or layout is None:
        raise ConflictError(
            "reprint.not-kept",
            "What was printed on this form was not kept.",
            "Print the patient's pages, or a blank form, and void this one.",
        )
    press = PrintRun(vault, settings, actor, "reprint", options)
    job = press.filled_document(
        get_printed_definition(vault, old),
        layout,
        old.subject,
        old.ward,
        lambda: orjson.loads(values),
        (old.serial,),
    )
    before = pack_ledger.get_pack(vault, old.pack)
    name = pack.file_name(press, f"reprint_{old.serial}")
    outcome = press.run(
        [job],
        out,
        name=name,
        title="Downtime form, printed again",
        wards=[old.ward],
        snapshot=before.snapshot,
        as_at=before.as_at,
        reason=reason,
        target=old.serial,
    )
    return pack.result(press, outcome, [job], name)


def _check(old: IssuedForm, reason: str) -> None:
    if not reason.strip():
        raise InputError("reprint.reason", "A reason is needed.", "Say in a few words why.")
    if not old.returns:
        raise InputError(
            "reprint.list",
            f"'{old.title}' is a copy of what the systems said.",
            "Print what changed on the ward since its last print.",
        )
    if old.state not in OUT:
        raise ConflictError(
            "reprint.state",
            f"Form {serials.format_serial(old.serial)} is '{old.state}': only one that is out is printed again.",
            "Print a new form instead.",
        )
