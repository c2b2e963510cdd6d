"""Which wards somebody with an account sees, where the site limits that (`accounts.ward_scopes`).

Deny by default: of what a role may do, only what is here stays, and of that only what is about patients
who are on those wards now, as staff say it is. Beyond them leads break-glass, which somebody else reviews.
"""

from collections.abc import Iterable
from typing import NamedTuple

from downtime.accounts import people
from downtime.accounts.model import Permission
from downtime.accounts.read_only import has_lost_accounts
from downtime.errors import ForbiddenError, NotFoundError
from downtime.outage.events.hospital_now import HospitalNow
from downtime.settings import Settings
from downtime.snapshot.model import PatientRow
from downtime.vault.vault import Vault

_NAMES_NOBODY = frozenset(
    {
        Permission.PUBLIC,
        Permission.SESSION_OWN,
        Permission.NUMBER_ISSUE,
        Permission.SHELF_VIEW,
        Permission.OUTAGE_VIEW,
        Permission.OUTAGE_DECLARE,
        Permission.SNAPSHOT_LIST,
        Permission.SNAPSHOT_LOAD,
        Permission.INGEST_STATUS,
        Permission.BREAK_GLASS_START,
    }
)
_CHECKED_BELOW = frozenset({Permission.PACK_PRINT, Permission.FORM_PRINT, Permission.EVENT_RECORD})
"""What prints and records checks each patient by itself, whichever door leads to it."""
COMMAND_PERMISSIONS = _NAMES_NOBODY | _CHECKED_BELOW
PAGE_PERMISSIONS = COMMAND_PERMISSIONS | {
    Permission.JOB_OWN,
    Permission.PATIENT_FIND,
    Permission.PATIENT_VIEW,
    Permission.BED_LIST,
    Permission.TEST_LIST,
}
"""Pages that list patients are limited to wards; commands that do are not, and stay closed."""


class WardScope(NamedTuple):
    """The codes of the wards that one person sees."""

    wards: tuple[str, ...]


def find_scope(vault: Vault, settings: Settings, person_id: str) -> WardScope | None:
    """To which wards an account is limited; None for who sees all, and for who has no account."""
    scopes = {name.lower(): wards for name, wards in settings.accounts.ward_scopes.items()}
    if not scopes:
        return None
    try:
        username = people.get_person(vault, person_id).username
    except (
        NotFoundError
    ):  # a guest, whom their own access limits, or somebody whose account is lost
        return WardScope(()) if has_lost_accounts(vault) else None
    wards = scopes.get(username)
    return None if wards is None else WardScope(wards)


def describe_unknown_names(vault: Vault, settings: Settings) -> str:
    """The sentence about limits for user names that nobody here has; empty where each has its person."""
    known = {person.username for person in people.list_people(vault)}
    unknown = [name for name in settings.accounts.ward_scopes if name.lower() not in known]
    if not unknown or has_lost_accounts(vault):
        return ""
    names = ", ".join(f"'{name}'" for name in unknown)
    return (
        f"accounts.ward_scopes in config.toml limits {names}, and nobody has that user name: whoever is"
        " meant sees every ward. Correct the name."
    )


def check_permission(scope: WardScope | None, permission: Permission, *, page: bool) -> None:
    """ForbiddenError for what is never limited to a ward, or not yet."""
    if scope and permission not in (PAGE_PERMISSIONS if page else COMMAND_PERMISSIONS):
        raise make_refusal(scope)


def check_ward(scope: WardScope, ward: str) -> None:
    """ForbiddenError for a ward that is not this person's."""
    if ward not in scope.wards:
        raise make_refusal(scope)


def check_patient(scope: WardScope, hospital: HospitalNow, patient: str) -> None:
    """ForbiddenError unless the patient is on one of this person's wards now."""
    stay = hospital.find_stay(patient)
    if stay is None or stay.ward not in scope.wards:
        raise make_refusal(scope)


def list_people(scope: WardScope, hospital: HospitalNow) -> list[PatientRow]:
    """Whom this person may find: who is on their wards now."""
    return [row for ward in scope.wards for row in hospital.list_stays(ward)]


def check_people_of_event(
    vault: Vault,
    settings: Settings,
    hospital: HospitalNow,
    actor_id: str,
    patients: Iterable[str],
) -> None:
    """ForbiddenError when somebody records anything of a patient who is not on their wards."""
    if scope := find_scope(vault, settings, actor_id):
        for patient in filter(None, patients):
            check_patient(scope, hospital, patient)


def make_refusal(scope: WardScope) -> ForbiddenError:
    """What is beyond somebody's wards is refused with."""
    return ForbiddenError(
        "ward.scope",
        f"Your account is for {_word_wards(scope)}. That you tried is recorded.",
        "If it cannot wait, use Break-glass: it opens a ward or a patient for a while, and is reviewed.",
    )


def _word_wards(scope: WardScope) -> str:
    if not scope.wards:
        return "no ward"
    return f"{'ward' if len(scope.wards) == 1 else 'wards'} {', '.join(scope.wards)} only"
