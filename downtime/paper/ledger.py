"""The ledger of every issued form: each one is accounted for until all of them are."""

from collections.abc import Sequence

from sqlite_utils import Database

from downtime.errors import NotFoundError
from downtime.outage import downtime_numbers
from downtime.outage.downtime_numbers import Supply, make_supply
from downtime.outage.events.kinds import list_source_titles
from downtime.paper import serials
from downtime.paper.forms.load_form import parse_form
from downtime.paper.forms.model import FormDefinition
from downtime.paper.model import OUT, FormCount, FormState, IssuedForm, Pack
from downtime.paper.store import issued_forms, layouts, packs
from downtime.settings import Settings
from downtime.vault import device
from downtime.vault.marks import MarkName
from downtime.vault.raise_marks import find_block
from downtime.vault.vault import Vault

_KEYED = (FormState.KEYED, FormState.VERIFIED, FormState.FILED)


def get_form(vault: Vault, serial: str) -> IssuedForm:
    """The form of a serial, typed or scanned in any usual way; NotFoundError, InputError."""
    return find_form(vault.db, serials.parse_serial(serial))


def find_form(db: Database, serial: str) -> IssuedForm:
    """The form of a serial, inside the caller's transaction; NotFoundError."""
    form = issued_forms.find_form(db, serial)
    if form is None:
        raise NotFoundError(
            "serial.unknown",
            f"Form {serials.format_serial(serial)} was not issued on this laptop.",
            "Enter it on the laptop that printed it (its first two characters), or take what that"
            " laptop hands over.",
        )
    return form


def get_printed_definition(vault: Vault, form: IssuedForm) -> FormDefinition:
    """The fields of the paper itself, however the form's file has changed since it was printed.

    NotFoundError for a list or cover, which has no fields.
    """
    text = layouts.fetch_definition_text(vault.db, form.layout)
    if not text:
        raise NotFoundError(
            "form.no-fields",
            f"'{form.title}' has no fields: it is a copy of what the systems said.",
            "Put it back where it is used, and scan the next form.",
        )
    return parse_form(text)


def count_forms(vault: Vault, outage: str | None = None) -> list[FormCount]:
    """Forms that must come back by ward, form and state; of one outage, or of all time.

    For every outage: issued = returned (and what follows it) + void + lost + still out.
    """
    return issued_forms.count_forms(vault.db, outage)


def list_missing(vault: Vault, outage: str, ward: str | None = None) -> list[IssuedForm]:
    """Forms of an outage that have not come back and are neither void nor declared lost."""
    missing = list_in_states(vault, outage, *OUT)
    return [form for form in missing if ward is None or form.ward == ward]


def list_forms(
    vault: Vault,
    *,
    ward: str | None = None,
    form: str | None = None,
    state: str | None = None,
    outage: str | None = None,
) -> list[IssuedForm]:
    """Forms that must come back, in the order of issue; every filter that is given applies."""
    filters = {"ward": ward, "form": form, "state": state, "outage": outage}
    chosen = {name: value for name, value in filters.items() if value is not None}
    return list(issued_forms.fetch_returning(vault.db, chosen))


def get_forms(vault: Vault, numbers: Sequence[str]) -> list[IssuedForm]:
    """The forms of these serials that are known here."""
    return list(issued_forms.fetch_by_serials(vault.db, numbers))


def list_patient_forms(vault: Vault, patient: str) -> list[IssuedForm]:
    """Every form printed for a patient of the snapshot, in the order of issue."""
    return list(issued_forms.fetch_of_patient(vault.db, patient))


def list_forms_without_patient(vault: Vault, outage: str) -> list[IssuedForm]:
    """Forms keyed in an outage that were printed for no patient; those printed ahead are among them."""
    return list(issued_forms.fetch_without_patient(vault.db, outage, _KEYED))


def list_pack_forms(vault: Vault, pack: str) -> list[IssuedForm]:
    """Every form of one pack, in the order of issue."""
    return list(issued_forms.fetch_of_pack(vault.db, pack))


def list_in_states(vault: Vault, outage: str, *states: FormState) -> list[IssuedForm]:
    """Forms of an outage that must come back and are in any of these states."""
    return list(issued_forms.fetch_in_states(vault.db, outage, states))


def list_packs(vault: Vault, outage: str | None = None) -> list[Pack]:
    """What was printed in one outage, or ever, newest first."""
    return packs.fetch_packs(vault.db, outage)


def list_supplies(vault: Vault, settings: Settings) -> list[Supply]:
    """What is left of this laptop's blocks of serials and of downtime numbers."""
    known = issued_forms.last_position_in_first_block(vault.db, device.read_own_code(vault.home))
    serial_block = find_block(vault, MarkName.SERIAL, known)
    serial_numbers = make_supply("form serials", serial_block, serials.LAST_POSITION, settings)
    return [downtime_numbers.count_supply(vault, settings), serial_numbers]


def form_titles(vault: Vault) -> dict[str, str]:
    """What forms that were printed here are called, and what is recorded on the screen: name to title."""
    return {**list_source_titles(), **layouts.fetch_titles(vault.db)}
