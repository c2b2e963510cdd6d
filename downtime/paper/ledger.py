"""The ledger of every issued form: each one is accounted for until all of them are."""

from collections.abc import Sequence

from sqlite_utils import Database

from downtime.errors import InputError, NotFoundError
from downtime.outage import downtime_numbers
from downtime.outage.downtime_numbers import Supply, make_supply
from downtime.paper import serials
from downtime.paper.model import (
    LIFECYCLE,
    OUT,
    AuditAction,
    FormCount,
    FormState,
    IssuedForm,
    MoveKind,
    Pack,
)
from downtime.paper.store import issued_forms
from downtime.settings import Settings
from downtime.vault import device
from downtime.vault.audit import Actor
from downtime.vault.vault import Vault


def get_form(vault: Vault, serial: str) -> IssuedForm:
    """The form of a serial, typed or scanned in any usual way; NotFoundError, InputError."""
    return find_form(vault.db, serials.parse_serial(serial))


def find_form(db: Database, serial: str) -> IssuedForm:
    found = next(issued_forms.fetch_forms(db, "serial = ?", serial), None)
    if found is None:
        raise NotFoundError(
            "serial.unknown",
            f"Form {serials.format_serial(serial)} was not issued on this laptop.",
            "Enter it on the laptop that printed it (its first two characters), or take what that"
            " laptop hands over.",
        )
    return found


def mark_collected(vault: Vault, serial: str, actor: Actor, reason: str = "") -> IssuedForm:
    """A runner took the form from its ward; it is still out until it comes back."""
    return _move_form(vault, serial, FormState.COLLECTED, actor, reason)


def mark_returned(vault: Vault, serial: str, actor: Actor, reason: str = "") -> IssuedForm:
    """The paper came back. Doing it again changes nothing; ConflictError from a later state."""
    form = get_form(vault, serial)
    if form.state == FormState.RETURNED:
        return form
    return _move_form(vault, form.serial, FormState.RETURNED, actor, reason)


def void_form(vault: Vault, serial: str, actor: Actor, reason: str) -> IssuedForm:
    """The form was spoilt or never used; `why` is required."""
    return _move_form(vault, serial, FormState.VOID, actor, require_reason(reason))


def mark_lost(vault: Vault, serial: str, actor: Actor, reason: str) -> IssuedForm:
    """Somebody declares that the form cannot be found; `why` is required."""
    return _move_form(vault, serial, FormState.LOST, actor, require_reason(reason))


def void_unused_forms(vault: Vault, serials_: Sequence[str], actor: Actor, reason: str) -> int:
    """Void unused forms all together (blank spares that came back); how many there were."""
    reason = require_reason(reason)
    with vault.change(
        actor, AuditAction.LEDGER_VOID, target=f"{len(serials_)} forms", reason=reason
    ) as db:
        for serial in serials_:
            move_form(db, serials.parse_serial(serial), FormState.VOID, vault.now(), actor, reason)
    return len(serials_)


def _move_form(vault: Vault, serial: str, to: str, actor: Actor, reason: str) -> IssuedForm:
    number = serials.parse_serial(serial)
    with vault.change(actor, AuditAction(f"ledger.{to}"), target=number, reason=reason) as db:
        move_form(db, number, to, vault.now(), actor, reason)
    return find_form(vault.db, number)


def move_form(db: Database, serial: str, to: str, at: str, actor: Actor, reason: str = "") -> None:
    """Move a form inside the caller's transaction; ConflictError unless the lifecycle has it.

    A form that is keyed was returned, even if nobody said so: the table's step is taken for it.
    """
    form = find_form(db, serial)
    kind = (
        MoveKind.SIGHTED
        if to == FormState.RETURNED and form.state in (*OUT, FormState.LOST)
        else MoveKind.MOVE
    )
    if form.state in OUT and to not in LIFECYCLE.moves[form.state]:
        LIFECYCLE.check(form.state, FormState.RETURNED)
        LIFECYCLE.check(FormState.RETURNED, to)
    else:
        LIFECYCLE.check(form.state, to)
    issued_forms.set_state(db, serial, to, at, actor, reason, kind)


def require_reason(reason: str) -> str:
    if not reason.strip():
        raise InputError("ledger.reason", "A reason is needed.", "Say in a few words why.")
    return reason.strip()


def count_forms(vault: Vault, outage: str | None = None) -> list[FormCount]:
    """Forms that must come back by ward, form and state; of one outage, or of all time.

    For every outage: issued = returned (and what follows it) + void + lost + still out.
    """
    if outage is None:
        return issued_forms.count_forms(vault.db, "1")
    return issued_forms.count_forms(vault.db, "outage = ?", outage)


def list_missing(vault: Vault, outage: str, ward: str | None = None) -> list[IssuedForm]:
    """Forms of an outage that have not come back and are neither void nor declared lost."""
    found = list_in_states(vault, outage, *OUT)
    return [form for form in found if ward is None or form.ward == ward]


def list_forms(
    vault: Vault,
    *,
    ward: str | None = None,
    form: str | None = None,
    state: str | None = None,
    outage: str | None = None,
) -> list[IssuedForm]:
    """Forms that must come back, in the order of issue; every filter that is given applies."""
    given = {"ward": ward, "form": form, "state": state, "outage": outage}
    wanted = {name: value for name, value in given.items() if value is not None}
    condition = " AND ".join(["returns", *(f"{name} = ?" for name in wanted)])
    return list(issued_forms.fetch_forms(vault.db, condition, *wanted.values()))


def get_forms(vault: Vault, numbers_: Sequence[str]) -> list[IssuedForm]:
    """The forms of these serials that are known here."""
    return list(issued_forms.fetch_by_serials(vault.db, numbers_))


def list_patient_forms(vault: Vault, patient: str) -> list[IssuedForm]:
    """Every form printed for a patient of the snapshot, in the order of issue."""
    return list(issued_forms.fetch_forms(vault.db, "patient = ?", patient))


def list_forms_without_patient(vault: Vault, outage: str) -> list[IssuedForm]:
    """Forms keyed in an outage that were printed for no patient; those printed ahead are among them."""
    condition = (
        "patient = '' AND (outage = ? OR (outage = '' AND NOT drill)) AND state IN (?, ?, ?)"
    )
    return list(
        issued_forms.fetch_forms(
            vault.db, condition, outage, FormState.KEYED, FormState.VERIFIED, FormState.FILED
        )
    )


def list_pack_forms(vault: Vault, pack: str) -> list[IssuedForm]:
    """Every form of one pack, in the order of issue."""
    return list(issued_forms.fetch_forms(vault.db, "pack = ?", pack))


def list_in_states(vault: Vault, outage: str, *states: str) -> list[IssuedForm]:
    """Forms of an outage that must come back and are in any of these states."""
    marks = ", ".join("?" * len(states))
    condition = f"returns AND outage = ? AND state IN ({marks})"
    return list(issued_forms.fetch_forms(vault.db, condition, outage, *states))


def list_packs(vault: Vault, outage: str | None = None) -> list[Pack]:
    """What was printed, newest first."""
    if outage is None:
        return issued_forms.fetch_packs(vault.db, "1")
    return issued_forms.fetch_packs(vault.db, "outage = ?", outage)


def list_supplies(vault: Vault, settings: Settings) -> list[Supply]:
    """What is left of this laptop's blocks of serials and of downtime numbers."""
    used = issued_forms.last_position(vault.db, device.code(vault.home))
    serial_numbers = make_supply("form serials", used, serials.LAST_POSITION, settings)
    return [downtime_numbers.count_supply(vault, settings), serial_numbers]


def form_titles(vault: Vault) -> dict[str, str]:
    """What forms that were printed here are called: name to title."""
    return issued_forms.fetch_titles(vault.db)
