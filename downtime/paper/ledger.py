"""The ledger of every issued form: each one is accounted for until all of them are."""

from collections.abc import Sequence

from sqlite_utils import Database

from downtime.errors import InputError, NotFoundError
from downtime.outage import numbers
from downtime.outage.numbers import Supply, supply_of
from downtime.paper import serials, store
from downtime.paper.issue import (
    COLLECTED,
    FILED,
    KEYED,
    LIFECYCLE,
    LOST,
    OUT,
    RETURNED,
    VERIFIED,
    VOID,
    Count,
    Issued,
    Pack,
)
from downtime.paper.moves import MOVE, SEEN
from downtime.settings import Settings
from downtime.vault import device
from downtime.vault.audit import Actor
from downtime.vault.vault import Vault


def issued(vault: Vault, serial: str) -> Issued:
    """The form of a serial, typed or scanned in any usual way; NotFoundError, InputError."""
    return _get(vault.db, serials.parse(serial))


def _get(db: Database, serial: str) -> Issued:
    found = next(store.forms(db, "serial = ?", serial), None)
    if found is None:
        raise NotFoundError(
            "serial.unknown",
            f"Form {serials.shown(serial)} was not issued on this laptop.",
            "Enter it on the laptop that printed it (its first two characters), or take what that"
            " laptop hands over.",
        )
    return found


def collected(vault: Vault, serial: str, who: Actor, why: str = "") -> Issued:
    """A runner took the form from its ward; it is still out until it comes back."""
    return _moved(vault, serial, COLLECTED, who, why)


def returned(vault: Vault, serial: str, who: Actor, why: str = "") -> Issued:
    """The paper came back. Doing it again changes nothing; ConflictError from a later state."""
    form = issued(vault, serial)
    if form.state == RETURNED:
        return form
    return _moved(vault, form.serial, RETURNED, who, why)


def void(vault: Vault, serial: str, who: Actor, why: str) -> Issued:
    """The form was spoilt or never used; `why` is required."""
    return _moved(vault, serial, VOID, who, _reason(why))


def lost(vault: Vault, serial: str, who: Actor, why: str) -> Issued:
    """Somebody declares that the form cannot be found; `why` is required."""
    return _moved(vault, serial, LOST, who, _reason(why))


def void_unused(vault: Vault, serials_: Sequence[str], who: Actor, why: str) -> int:
    """Void unused forms all together (blank spares that came back); how many there were."""
    reason = _reason(why)
    with vault.change(who, "ledger.void", target=f"{len(serials_)} forms", why=reason) as db:
        for serial in serials_:
            move(db, serials.parse(serial), VOID, vault.now(), who, reason)
    return len(serials_)


def _moved(vault: Vault, serial: str, to: str, who: Actor, why: str) -> Issued:
    number = serials.parse(serial)
    with vault.change(who, f"ledger.{to}", target=number, why=why) as db:
        move(db, number, to, vault.now(), who, why)
    return _get(vault.db, number)


def move(db: Database, serial: str, to: str, at: str, who: Actor, why: str = "") -> None:
    """Move a form inside the caller's transaction; ConflictError unless the lifecycle has it.

    A form that is keyed was returned, even if nobody said so: the table's step is taken for it.
    """
    form = _get(db, serial)
    kind = SEEN if to == RETURNED and form.state in (*OUT, LOST) else MOVE
    if form.state in OUT and to not in LIFECYCLE.moves[form.state]:
        LIFECYCLE.check(form.state, RETURNED)
        LIFECYCLE.check(RETURNED, to)
    else:
        LIFECYCLE.check(form.state, to)
    store.set_state(db, serial, to, at, who, why, kind)


def _reason(why: str) -> str:
    if not why.strip():
        raise InputError("ledger.reason", "A reason is needed.", "Say in a few words why.")
    return why.strip()


def counts(vault: Vault, outage: str | None = None) -> list[Count]:
    """Forms that must come back by ward, form and state; of one outage, or of all time.

    For every outage: issued = returned (and what follows it) + void + lost + still out.
    """
    if outage is None:
        return store.counts(vault.db, "1")
    return store.counts(vault.db, "outage = ?", outage)


def missing(vault: Vault, outage: str, ward: str | None = None) -> list[Issued]:
    """Forms of an outage that have not come back and are neither void nor declared lost."""
    found = in_state(vault, outage, *OUT)
    return [form for form in found if ward is None or form.ward == ward]


def find(
    vault: Vault,
    *,
    ward: str | None = None,
    form: str | None = None,
    state: str | None = None,
    outage: str | None = None,
) -> list[Issued]:
    """Forms that must come back, in the order of issue; every filter that is given applies."""
    given = {"ward": ward, "form": form, "state": state, "outage": outage}
    wanted = {name: value for name, value in given.items() if value is not None}
    condition = " AND ".join(["returns", *(f"{name} = ?" for name in wanted)])
    return list(store.forms(vault.db, condition, *wanted.values()))


def with_serials(vault: Vault, numbers_: Sequence[str]) -> list[Issued]:
    """The forms of these serials that are known here."""
    return list(store.with_serials(vault.db, numbers_))


def of_patient(vault: Vault, patient: str) -> list[Issued]:
    """Every form printed for a patient of the snapshot, in the order of issue."""
    return list(store.forms(vault.db, "patient = ?", patient))


def unnamed(vault: Vault, outage: str) -> list[Issued]:
    """Forms keyed in an outage that were printed for no patient; those printed ahead are among them."""
    condition = (
        "patient = '' AND (outage = ? OR (outage = '' AND NOT drill)) AND state IN (?, ?, ?)"
    )
    return list(store.forms(vault.db, condition, outage, KEYED, VERIFIED, FILED))


def of_pack(vault: Vault, pack: str) -> list[Issued]:
    """Every form of one pack, in the order of issue."""
    return list(store.forms(vault.db, "pack = ?", pack))


def in_state(vault: Vault, outage: str, *states: str) -> list[Issued]:
    """Forms of an outage that must come back and are in any of these states."""
    marks = ", ".join("?" * len(states))
    condition = f"returns AND outage = ? AND state IN ({marks})"
    return list(store.forms(vault.db, condition, outage, *states))


def packs(vault: Vault, outage: str | None = None) -> list[Pack]:
    """What was printed, newest first."""
    if outage is None:
        return store.packs(vault.db, "1")
    return store.packs(vault.db, "outage = ?", outage)


def supplies(vault: Vault, settings: Settings) -> list[Supply]:
    """What is left of this laptop's blocks of serials and of downtime numbers."""
    used = store.last_position(vault.db, device.code(vault.home))
    serial_numbers = supply_of("form serials", used, serials.LAST_POSITION, settings)
    return [numbers.supply(vault, settings), serial_numbers]


def titles(vault: Vault) -> dict[str, str]:
    """What forms that were printed here are called: name to title."""
    return store.titles(vault.db)
