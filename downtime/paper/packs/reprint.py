"""Print one form again: the same values under a new serial, and the old one is void."""

from typing import BinaryIO

import orjson

from downtime.errors import ConflictError, InputError
from downtime.paper import ledger, serials, store
from downtime.paper.issue import OUT, Issued
from downtime.paper.packs import pack, packs
from downtime.paper.packs.job import USUAL, Options
from downtime.paper.packs.pack import PackResult
from downtime.paper.packs.printing import Press
from downtime.paper.printed import printed
from downtime.settings import Settings
from downtime.vault.audit import Actor
from downtime.vault.vault import Vault


def reprint(
    vault: Vault,
    settings: Settings,
    serial: str,
    who: Actor,
    why: str,
    out: BinaryIO,
    *,
    options: Options = USUAL,
) -> PackResult:
    """Print a form that is still out again, as it was: version, values and age of the data.

    The old serial is void once the new page is handed over. InputError without a reason, or for a
    list (print the ward's changes); ConflictError when the form is no longer out.
    """
    old = ledger.issued(vault, serial)
    _check(old, why)
    values = store.content(vault.db, old.serial)
    layout = store.layout(vault.db, old.layout)
    if not values or layout is None:
        raise ConflictError(
            "reprint.not-kept",
            "What was printed on this form was not kept.",
            "Print the patient's pages, or a blank form, and void this one.",
        )
    press = Press(vault, settings, who, "reprint", options)
    job = press.filled_job(
        printed(vault, old),
        layout,
        old.subject,
        old.ward,
        lambda: orjson.loads(values),
        (old.serial,),
    )
    before = packs.get(vault, old.pack)
    name = pack.file_name(press, f"reprint_{old.serial}")
    outcome = press.run(
        [job],
        out,
        name=name,
        title="Downtime form, printed again",
        wards=[old.ward],
        snapshot=before.snapshot,
        as_at=before.as_at,
        why=why,
        target=old.serial,
    )
    return pack.result(press, outcome, [job], name)


def _check(old: Issued, why: str) -> None:
    if not why.strip():
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
            f"Form {serials.shown(old.serial)} is '{old.state}': only one that is out is printed again.",
            "Print a new form instead.",
        )
