"""What a site knows of each source: whose numbers, which classes lie in beds, its codes and times.

A profile is one table of `config.toml`:

    [feeds.profiles.pas]
    applications = ["IPM"]           # MSH-3; * and ? allowed, case-blind
    system = "PAS"
    mrn_types = ["MEDREC"]
    codes.patient_class = { OBS = "inpatient" }

A message is read by the profile that names most of what it is known by: sending application,
facility and file. A profile that names none of them is for every source without another.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any
from zoneinfo import ZoneInfo

from downtime.clinical.model import AppointmentStatus, BedStatus, EncounterClass, Gender
from downtime.config import parse_table
from downtime.errors import InputError
from downtime.setting_fields import setting

PAGE = "docs/feeds.md"


class VisitKey(StrEnum):
    """By which number the stays of a source are told apart."""

    VISIT = "visit"
    """PV1-19, else PID-18, else the patient's first number."""
    ACCOUNT = "account"
    """PID-18, else PV1-19, else the patient's first number."""
    PATIENT = "patient"
    """The patient's first number: each stay takes the place of the one before."""


class OrderKind(StrEnum):
    """What an order asks for."""

    TEST = "test"
    ALERT = "alert"
    """No order at all, but something to know of the patient: resuscitation status, isolation."""
    MEDICINE = "medicine"
    NOT_MAPPED = "not-mapped"
    """Something that Downtime has no record for: a diet, a referral."""


class CodeTable(StrEnum):
    """The tables of a source's own codes that a profile may hold."""

    PATIENT_CLASS = "patient_class"
    GENDER = "gender"
    BED_STATUS = "bed_status"
    APPOINTMENT_STATUS = "appointment_status"
    ORDER_KIND = "order_kind"


MEANINGS: Mapping[CodeTable, type[StrEnum]] = {
    CodeTable.PATIENT_CLASS: EncounterClass,
    CodeTable.GENDER: Gender,
    CodeTable.BED_STATUS: BedStatus,
    CodeTable.APPOINTMENT_STATUS: AppointmentStatus,
    CodeTable.ORDER_KIND: OrderKind,
}
"""What the codes of each table may mean."""


@dataclass(frozen=True, slots=True)
class SourceProfile:
    """One profile, checked."""

    name: str = ""
    applications: tuple[str, ...] = setting(
        (), "Sending applications (MSH-3); `*` and `?` allowed."
    )
    facilities: tuple[str, ...] = setting((), "Sending facilities (MSH-4); `*` and `?` allowed.")
    files: tuple[str, ...] = setting((), "Names of files; `*` and `?` allowed.")
    system: str = setting("", "The system whose data these are, instead of what MSH-3 says.")
    mrn_types: tuple[str, ...] = setting(
        (), "Types (CX-5) of the hospital's own numbers, beside the usual ones."
    )
    mrn_authorities: tuple[str, ...] = setting(
        (), "Assigning authorities, or facilities, whose numbers are the hospital's own."
    )
    mrn_digits: int = setting(
        0,
        "The hospital's own numbers are filled up with zeros to so many digits, where one source sends"
        " `00123` and another `123`; 0 leaves them as they are sent.",
    )
    bed_classes: tuple[str, ...] = setting(
        ("O", "R"), "Classes (PV1-2) that lie in a bed when one is named, beside inpatients."
    )
    character_set: str = setting("", "Character set of what is sent, whatever MSH-18 says.")
    time_zone: str = setting("", "Time zone of times that carry none; empty for the feeds' own.")
    visit_key: str = setting(
        "visit", "What tells stays apart: `visit` (PV1-19), `account` (PID-18) or `patient`."
    )
    test_messages: bool = setting(
        False, "Read messages that are marked as a test or training (MSH-11 `T`, `D`) too."
    )
    codes: dict[str, Any] = setting(
        {},
        "Own codes: tables `patient_class`, `gender`, `bed_status`, `appointment_status` and"
        " `order_kind`, each of code to meaning.",
    )
    not_used: tuple[str, ...] = setting(
        (), "Messages (`MDM`, `ADT^A31`), segments or resources that are left out on purpose."
    )

    def score(self, application: str, facility: str, file: str) -> int:
        """How many of its own criteria a source fulfils; -1 when it fails one."""
        criteria = (
            (self.applications, application),
            (self.facilities, facility),
            (self.files, file.rsplit("/", 1)[-1]),
        )
        stated = [(patterns, value) for patterns, value in criteria if patterns]
        return len(stated) if all(_matches_any(*pair) for pair in stated) else -1


def _matches_any(patterns: tuple[str, ...], value: str) -> bool:
    return any(fnmatchcase(value.casefold(), pattern.casefold()) for pattern in patterns)


def read_profiles(tables: Mapping[str, Any]) -> tuple[SourceProfile, ...]:
    """The profiles in `feeds.profiles`, in order; InputError names what is wrong with one."""
    return tuple(_read_profile(name, table) for name, table in tables.items())


def _read_profile(name: str, table: Any) -> SourceProfile:
    if not isinstance(table, Mapping) or "name" in table:
        raise _profile_error(name, "it is a table of its own, without a name in it")
    profile = parse_table(SourceProfile, table, f"feeds.profiles.{name}.", PAGE)
    codes = {table: _read_codes(name, table, codes) for table, codes in profile.codes.items()}
    if profile.visit_key not in set(VisitKey):
        raise _profile_error(name, f"visit_key is one of {', '.join(VisitKey)}")
    _check_zone(name, profile.time_zone)
    _check_character_set(name, profile.character_set)
    return replace(profile, name=name, codes=codes)


def _read_codes(name: str, table: str, codes: Any) -> Mapping[str, str]:
    if table not in set(CodeTable) or not isinstance(codes, Mapping):
        raise _profile_error(name, f"'{table}' is no table of codes ({', '.join(CodeTable)})")
    meanings = MEANINGS[CodeTable(table)]
    for code, meaning in codes.items():
        if meaning not in set(meanings):
            raise _profile_error(name, f"'{code}' in {table} means one of {', '.join(meanings)}")
    return {str(code).casefold(): meanings(meaning) for code, meaning in codes.items()}


def _check_zone(name: str, zone: str) -> None:
    try:
        ZoneInfo(zone or "UTC")
    except (KeyError, ValueError, OSError):
        raise _profile_error(name, f"'{zone}' is no time zone") from None


def _check_character_set(name: str, character_set: str) -> None:
    try:
        "".encode(character_set or "utf-8")
    except LookupError:
        raise _profile_error(name, f"'{character_set}' is no character set") from None


def _profile_error(name: str, reason: str) -> InputError:
    return InputError(
        "config.profile",
        f"The profile '{name}' in config.toml cannot be used: {reason}.",
        f"{PAGE} shows what a profile holds.",
    )


def choose_profile(
    profiles: tuple[SourceProfile, ...], application: str, facility: str, file: str
) -> SourceProfile:
    """The profile that names most of a source; of equals the first; else the default."""
    scores = [profile.score(application, facility, file) for profile in profiles]
    best = max(scores, default=-1)
    return profiles[scores.index(best)] if best >= 0 else SourceProfile()
