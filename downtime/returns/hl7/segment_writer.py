"""Segments of HL7 v2: escapes and fields, and what several messages share (patient, place, codes). Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from downtime.clinical import terminology
from downtime.config import read_data_file
from downtime.entry.facts import Fact, PaperPerson
from downtime.errors import InputError
from downtime.returns.matched_stays import NO_STAY, Stay
from downtime.returns.profiles import Target, is_from
from downtime.settings import Settings

Value = str | Sequence["Value"]
"""A field: text; a tuple of components (of sub-components); a list of repetitions."""

_ESCAPES = str.maketrans(
    {
        "\\": "\\E\\",
        "|": "\\F\\",
        "^": "\\S\\",
        "&": "\\T\\",
        "~": "\\R\\",
        "\n": "\\.br\\",
    }
)

_PLAIN = re.compile(r"[^\x00-\x1f\x7f-\x9f\\|^&~]*")

_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")


def escape_text(text: str) -> str:
    """Text with the delimiters escaped and line ends as `\\.br\\` (HL7 v2.4, 2.9.1 and 2.9.6).

    InputError for any other control character: a receiver would cut or misread the message.
    """
    if _PLAIN.fullmatch(text):
        return text
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    if _CONTROL.search(plain):
        raise InputError(
            "hl7.control",
            "A value holds a control character that no message can carry.",
            "Correct the entry of this form, verify it again and repeat the export.",
        )
    return plain.translate(_ESCAPES)


def format_field(value: Value, level: int = 0) -> str:
    """One field: `str` as text, a list as repetitions (`~`), a tuple as components (`^`, `&`)."""
    if isinstance(value, str):
        return escape_text(value)
    if isinstance(value, list):
        return "~".join(format_field(part, level) for part in value)
    parts = [format_field(part, level + 1) for part in value]
    separator = "^&"[level]
    return separator.join(parts).rstrip(separator)


def build_segment(name: str, fields: Mapping[int, Value]) -> str:
    """`PID|1||…`: fields by their number in the standard, empty ones between them."""
    written = {number: text for number, value in fields.items() if (text := format_field(value))}
    last = max(written, default=0)
    return "|".join([name, *(written.get(number, "") for number in range(1, last + 1))])


def build_header(fields: Mapping[int, Value]) -> str:
    """MSH, whose first field is the separator itself; `fields` start at MSH-3."""
    fields_from_3 = {number - 2: value for number, value in fields.items()}
    return "MSH|^~\\&" + build_segment("", fields_from_3)


def join_segments(*segments: str) -> str:
    """The segments, each ended by a carriage return (HL7 v2.4, 2.7)."""
    return "".join(f"{segment}\r" for segment in segments)


@lru_cache(maxsize=8192)
def format_timestamp(stored: str, zone: ZoneInfo) -> str:
    """`20261102143000+0000`: a stored UTC time in the site's zone with its offset; a date stays one."""
    if "T" not in stored:
        return stored.replace("-", "")
    return datetime.fromisoformat(stored).astimezone(zone).strftime("%Y%m%d%H%M%S%z")


DOWNTIME = "DOWNTIME"
"""Assigning authority of downtime numbers and of the order numbers made from serials."""

UCUM = "UCUM"
"""How table 0396 names the code system of units."""

CODE, DESCRIPTION = 20, 50
"""Longest coded value (IS), and longest visit description (PV2-12), in HL7 v2.4."""


TABLES = read_data_file("downtime.returns.hl7", "tables.toml")
"""What HL7 calls what forms say."""


@dataclass(frozen=True, slots=True)
class SegmentWriter:
    """How messages are written for one target."""

    settings: Settings
    target: Target
    zone: ZoneInfo
    stays: Mapping[str, Stay] = field(default_factory=dict)
    """Key of a fact to the stay in which it happened, as far as it is known."""

    def format_time(self, stored: str) -> str:
        """A stored time as HL7 writes it, in the site's zone."""
        return format_timestamp(stored, self.zone)

    def is_from(self, version: str) -> bool:
        """Whether the target's HL7 version is this one or later."""
        return is_from(self.target.version, version)

    def encode(self, table: str, value: str, other: str = "") -> str:
        """A value in the target's code table, else in HL7's own, else `other`."""
        codes: Mapping[str, str] = self.target.codes.get(table, {})
        return codes.get(value) or TABLES["codes"].get(table, {}).get(value, other)

    def encode_units(self, text: str) -> Value:
        """Units as the target writes them, else in UCUM beside paper's words, else as on paper."""
        units: Mapping[str, str] = self.target.codes.get("units", {})
        if code := units.get(text):
            return tuple(code.split("^"))
        ucum = terminology.find_ucum(text)
        return (ucum, text, UCUM) if ucum else text

    def test_code(self, fact: Fact) -> tuple[str, ...]:
        """The test's code, its standard name, and `L` for a code of the site's own, `LN` for LOINC
        (table 0396); what paper calls it, where that is another name, is the alternate text.

        InputError when the target takes known tests only, and this one is not in its table.
        """
        code, name = fact.fields.get("code", ""), fact.fields.get("display", "")
        tests: Mapping[str, str] = self.target.codes.get("tests", {})
        if target_code := tests.get(code) or tests.get(name):
            parts = target_code.split("^")
            coded = (parts[0], parts[1] if len(parts) > 1 else name, *(parts[2:3] or ("L",)))
        elif self.target.only_known_tests:
            raise InputError(
                "target.test",
                f"{self.target.system} has no code for a test of form {fact.form}.",
                f"Add it to returns.targets.{self.target.system}.codes.tests, or key it by hand.",
            )
        else:
            standard = terminology.find_test(code)
            system = "LN" if terminology.is_loinc(code) else "L"
            coded = (code or name, standard.display if standard else name, system)
        return coded if coded[1] == name else (*coded, "", name, "L")

    def pid(self, person: PaperPerson, *, died: str = "") -> str:
        """PID: all numbers with their authorities, name, birth, gender, address, telephone."""
        phone: Value = person.phone
        if phone and self.is_from("2.6"):  # the unformatted number moved to XTN.12
            phone = ("", "PRN", "PH", *("",) * 8, person.phone)
        return build_segment(
            "PID",
            {
                1: "1",
                3: self.identifiers(person),
                5: (person.family or "UNKNOWN", person.given, "", "", person.prefix),
                7: person.birth_date.replace("-", ""),
                8: self.encode("gender", person.gender),
                11: (person.address, "", "", "", person.postcode),
                13: phone,
                29: self.format_time(died) if died else "",
                30: "Y" if died else "",
            },
        )

    def identifiers(self, person: PaperPerson) -> list[Value]:
        """Identifiers for PID-3 and MRG-1: number, authority and type (table 0203)."""
        numbers: list[Value] = []
        if person.mrn:
            numbers.append((person.mrn, "", "", self.settings.site.mrn_authority, "MR"))
        if person.nhs_number:
            numbers.append((person.nhs_number, "", "", "NHS", "NH"))
        if person.downtime_number:
            numbers.append((person.downtime_number, "", "", DOWNTIME, "PI"))
        return numbers

    def pv1(self, fact: Fact, fields: Mapping[int, Value] | None = None, other: str = "I") -> str:
        """PV1: class, place and visit number of the stay in which it happened.

        A movement says its own place. Where no stay is known none is claimed: the ward that printed
        a form is not where its patient is. What does not fit a coded field is said in PL.9.
        """
        stay, keyed = self.stays.get(fact.key, NO_STAY), fact.fields
        place = (stay.ward, stay.bay, stay.bed)
        if fact.type == "Encounter" and keyed.get("ward"):
            place = (keyed["ward"], keyed.get("bay", ""), keyed.get("bed", ""))
        kind = keyed.get("kind", "") if fact.type == "Encounter" else ""
        values: dict[int, Value] = {
            1: "1",
            2: self.encode("class", kind or stay.kind, other),
            3: self.location(*place),
            19: self.visit_number(stay.visit_number),
        }
        return build_segment("PV1", {**values, **(fields or {})})

    def visit_number(self, number: str) -> Value:
        """PV1-19; from 2.7 on a number needs its type (table 0203)."""
        if not number or not self.is_from("2.7"):
            return number
        return (number, "", "", self.settings.site.mrn_authority, "VN")

    @property
    def sub_id(self) -> str:
        """OBX-4, which some versions require though a value stands alone."""
        return "" if self.is_from("2.4") and not self.is_from("2.7") else "1"

    def location(self, ward: str, bay: str = "", bed: str = "") -> Value:
        """PL: point of care, room and bed."""
        full = (self.encode("wards", ward, ward), bay, bed)
        location = tuple(fit_coded(text) for text in full)
        if location != full:
            location += ("",) * 5 + (", ".join(filter(None, full)),)
        return location

    def evn(self, fact: Fact, event: str) -> str:
        """EVN: when it was entered, by whom, and when it really happened."""
        evn: dict[int, Value] = {
            1: "" if self.is_from("2.4") else event,
            2: self.format_time(fact.entered),
            5: fact.transcriber,
            6: self.format_time(fact.event),
        }
        return build_segment("EVN", evn)


def fit_coded(text: str) -> str:
    """Text that fits a coded field, else nothing: the message says it as text elsewhere."""
    return text if len(text) <= CODE else ""


def text_only(text: str) -> Value:
    """A coded element that only has text."""
    return ("", text)
