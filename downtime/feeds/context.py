"""What every mapping needs of the settings: zone, whose numbers, and which system sent it.

The system of a message is the one that the profile of its source names; else the one its sending
application (MSH-3) is mapped to or named as; else the one that holds its type of record
(`systems.records`).

A request belongs to the system that answers it, whoever sent it, so that an order from the EPR and
the result from the laboratory meet: the sender when it answers requests itself, else the receiver
(MSH-5) when it does, else Radiology when OBR-24 names an imaging department, else the system that
holds requests.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

from downtime.clinical.identifiers import MRN, NHS, Identifier, simplify_number
from downtime.clinical.model import AppointmentKind
from downtime.clinical.record_types import RECORD_TYPES, list_owners
from downtime.feeds.model import Value
from downtime.feeds.profiles import CodeTable, SourceProfile, choose_profile, read_profiles
from downtime.settings import Settings

IMAGING = frozenset(
    {"RAD", "RX", "CT", "NMR", "MRI", "MR", "US", "XR", "XRC", "NM", "NMS", "RUS", "VUS", "CUS"}
    | {"RT", "DX", "MG", "PT", "DXA", "FL"}
)
"""Diagnostic services (HL7 table 0074, and modalities sent as such) that are imaging."""
_RADIOLOGY = ("radiology", "ris", "imaging")
_THEATRES = ("theatres", "theatre", "theaters", "operating theatres")


@dataclass(frozen=True, slots=True, eq=False)
class FeedContext:
    """Settings in the form in which mappings use them; made once by `feed_context`."""

    zone: ZoneInfo
    authority: str
    own_names: frozenset[str]
    """What an assigning authority or facility may be called when it is this hospital, case-blind."""
    systems_by_application: Mapping[str, str]
    """Application name, case-blind, to system."""
    placeholders: frozenset[str]
    """Words that stand where a number is not known, as `simplify_number` writes them."""
    holders: Mapping[str, str]
    registers: frozenset[str]
    """Systems that keep people and places and answer no requests."""
    radiology: str
    theatres: str
    settings: Settings
    profile: SourceProfile = SourceProfile()
    find_context: "Callable[[str, str, str], FeedContext] | None" = None
    """By application, facility and file; None when there are no profiles."""

    def for_message(self, application: str, facility: str = "", file: str = "") -> "FeedContext":
        """The context of the profile that fits a source (MSH-3, MSH-4, the file's name)."""
        find_context = self.find_context
        return find_context(application, facility, file) if find_context else self

    def meaning(self, table: CodeTable, code: str) -> str:
        """What a code of the source's own means by its profile; empty when it does not say."""
        codes = self.profile.codes.get(table)
        return codes.get(code.casefold(), "") if codes else ""

    def identity_fields(self, numbers: tuple[Identifier, ...]) -> dict[str, Value]:
        """The fields of Patient that its identifiers fill."""
        fields: dict[str, Value] = {"identifiers": tuple(str(number) for number in numbers)}
        for number in numbers:
            if number.type == NHS:
                fields.setdefault("nhs_number", number.value)
            elif number.type == MRN and number.authority == self.authority:
                fields.setdefault("mrn", number.value)
        return fields

    def write_own_number(self, number: str) -> str:
        """A number of this hospital as the profile of its source says that it is written."""
        digits = self.profile.mrn_digits
        return number.zfill(digits) if digits and number.isascii() and number.isdigit() else number

    def known_system(self, application: str) -> str:
        """The system that the profile names, or the sending application is; empty when unknown."""
        return self.profile.system or self.systems_by_application.get(application.casefold(), "")

    def system(self, application: str, record: str) -> str:
        """The system of a sending application, else the holder of the record."""
        return self.known_system(application) or self.holders.get(record, record)

    def answering_system(self, sender: str, receiver: str, department: str) -> str:
        """The system that answers a request (see above)."""
        receiving = self.systems_by_application.get(receiver.casefold(), "")
        for system in (self.known_system(sender), receiving):
            if system and system not in self.registers:
                return system
        return self.department_system(department)

    def reporting_system(self, sender: str, department: str) -> str:
        """The system whose results these are: the sender's, else the department's."""
        return self.known_system(sender) or self.department_system(department)

    def department_system(self, department: str) -> str:
        """The system of a department by its OBR-24."""
        if self.radiology and department.upper() in IMAGING:
            return self.radiology
        return self.holders["ServiceRequest"]

    def appointment_kind(self, source: str) -> AppointmentKind:
        """On which sort of list the appointments of a system stand."""
        return AppointmentKind.THEATRE if source == self.theatres else AppointmentKind.CLINIC


def feed_context(settings: Settings) -> FeedContext:
    """The mappings' view of the settings; InputError names a profile that cannot be used."""
    systems = settings.systems
    names = {name: name for name in systems.names} | systems.applications
    holders = list_owners(systems.records)
    answering = {holders[name] for name, row in RECORD_TYPES.items() if row.answers_requests}
    own_names = (settings.site.mrn_authority, settings.site.code, settings.site.name)
    general = FeedContext(
        zone=ZoneInfo(settings.feeds.time_zone),
        authority=settings.site.mrn_authority,
        own_names=frozenset(name.casefold() for name in own_names if name),
        systems_by_application={name.casefold(): system for name, system in names.items()},
        placeholders=frozenset(map(simplify_number, settings.feeds.placeholder_numbers)),
        holders=holders,
        registers=frozenset(holders.values()) - answering,
        radiology=next((s for s in systems.names if s.casefold() in _RADIOLOGY), ""),
        theatres=next((s for s in systems.names if s.casefold() in _THEATRES), ""),
        settings=settings,
    )
    profiles = read_profiles(settings.feeds.profiles)
    return _with_profiles(general, profiles) if profiles else general


def _with_profiles(general: FeedContext, profiles: tuple[SourceProfile, ...]) -> FeedContext:
    """The general context, which finds that of each source; one is made for each profile."""
    names_files = any(profile.files for profile in profiles)

    @cache
    def make_context(number: int) -> FeedContext:
        return _with_profile(general, profiles[number]) if number >= 0 else general

    @lru_cache(maxsize=1024)
    def find(application: str, facility: str, file: str) -> FeedContext:
        profile = choose_profile(profiles, application, facility, file)
        return make_context(profiles.index(profile) if profile in profiles else -1)

    def find_context(application: str, facility: str, file: str) -> FeedContext:
        return find(application, facility, file if names_files else "")

    return replace(find("", "", ""), find_context=find_context)


def _with_profile(general: FeedContext, profile: SourceProfile) -> FeedContext:
    own_names = general.own_names | {name.casefold() for name in profile.mrn_authorities}
    zone = ZoneInfo(profile.time_zone) if profile.time_zone else general.zone
    return replace(general, zone=zone, own_names=own_names, profile=profile)
