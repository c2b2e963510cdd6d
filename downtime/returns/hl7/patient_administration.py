"""ADT: admitted, moved, discharged, corrected, allergic, merged (HL7 v2 chapter 3). Pure."""

from collections.abc import Iterable

from downtime.entry.facts import Fact, PaperPerson
from downtime.errors import InputError
from downtime.returns.hl7.notes import comment_segments, list_notes, note_values, source_note
from downtime.returns.hl7.segment_writer import (
    DESCRIPTION,
    DOWNTIME,
    TABLES,
    SegmentWriter,
    Value,
    build_segment,
    fit_coded,
    text_only,
)

_NONE_KNOWN = ("716186003", "No known allergy", "SCT")
_WRONG = "entered-in-error"
_DIED = "died"
_MOVEMENT_FIELDS = (
    "ward", "bay", "bed", "prior_ward", "kind", "consultant", "specialty", "reason", "started",
    "ended", "outcome",
)  # fmt: skip
_ALLERGY_FIELDS = ("substance", "reaction", "severity", "status", "recorded")
_ALERT_FIELDS = ("category", "text", "started")
"""What the segments of a movement, an allergy and an alert have fields for."""


def movement_type(fact: Fact, writer: SegmentWriter) -> str:
    """`ADT^A01`, `ADT^A02` or `ADT^A03`."""
    return f"ADT^{_event(fact)}"


def _event(fact: Fact) -> str:
    return str(TABLES["movements"][fact.fields.get("event", "")])


def build_movement(
    facts: tuple[Fact, ...], person: PaperPerson, writer: SegmentWriter
) -> list[str]:
    """An admission (A01), a transfer (A02) or a discharge (A03) of one patient."""
    fact = facts[0]
    event = _event(fact)
    started = fact.fields.get("started") or (fact.event if event == "A01" else "")
    ended = fact.fields.get("ended") or (fact.event if event == "A03" else "")
    specialty = fact.fields.get("specialty", "")
    died = ended if fact.fields.get("outcome") == _DIED else ""
    description = _describe_visit(fact)
    is_whole = len(description) <= DESCRIPTION
    carried = {*_MOVEMENT_FIELDS, *(("destination",) if is_whole else ())}
    if not fact.fields.get("ward"):  # the bed of another hospital is none of PV1-3
        carried -= {"bay", "bed"}
    pv1: dict[int, Value] = {
        6: writer.location(fact.fields.get("prior_ward", "")),
        9: text_only(fact.fields.get("consultant", "")),
        10: fit_coded(specialty),
        36: writer.encode("discharge", fact.fields.get("outcome", "")),
        44: writer.format_time(started),
        45: writer.format_time(ended),
    }
    doctor = person.general_practitioner if event == "A01" else ""
    return [
        writer.evn(fact, event),
        writer.pid(person, died=died),
        *_general_practitioner(doctor, writer),
        writer.pv1(fact, pv1),
        *_pv2(fact, description),
        *_notes(fact, carried, writer),
    ]


def _describe_visit(fact: Fact) -> str:
    """In words what has no coded field: a long specialty, a destination."""
    fields = fact.fields
    specialty, destination = fields.get("specialty", ""), fields.get("destination", "")
    parts = (
        "" if fit_coded(specialty) else specialty,
        destination and f"Discharged to {destination}",
    )
    return "; ".join(filter(None, parts))


def _pv2(fact: Fact, description: str) -> list[str]:
    """PV2 with the reason and the description, of which it takes the beginning."""
    reason = fact.fields.get("reason", "")
    if not reason and not description:
        return []
    return [build_segment("PV2", {3: text_only(reason), 12: description[:DESCRIPTION]})]


def _notes(fact: Fact, carried: Iterable[str], writer: SegmentWriter) -> list[str]:
    notes = list_notes(fact, carried, writer.zone)
    return note_values(fact, [source_note(fact), *notes], writer)


def build_demographics(
    facts: tuple[Fact, ...], person: PaperPerson, writer: SegmentWriter
) -> list[str]:
    """A08: the patient's details as corrected on paper; what paper did not say stays the system's."""
    fact = facts[0]
    keyed = {
        name: text for name, text in fact.fields.items() if name in PaperPerson._fields and text
    }
    corrected = person._replace(**keyed)
    doctor = _general_practitioner(corrected.general_practitioner, writer)
    return [
        writer.evn(fact, "A08"),
        writer.pid(corrected),
        *doctor,
        writer.pv1(fact, other="U"),
        *_notes(fact, PaperPerson._fields, writer),
    ]


def _general_practitioner(name: str, writer: SegmentWriter) -> list[str]:
    """The general practitioner: in PD1-4, and from 2.6 on as a role (ROL, table 0443)."""
    if not name:
        return []
    if not writer.is_from("2.6"):
        return [build_segment("PD1", {4: text_only(name)})]
    role = ("PP", "Primary care provider", "HL70443")
    return [build_segment("ROL", {1: ("1", DOWNTIME), 2: "UP", 3: role, 4: text_only(name)})]


def allergy_type(fact: Fact, writer: SegmentWriter) -> str:
    """`ADT^A60` from version 2.4 on; before, `ADT^A08` with AL1."""
    return "ADT^A60" if writer.is_from("2.4") else "ADT^A08"


def build_allergy(facts: tuple[Fact, ...], person: PaperPerson, writer: SegmentWriter) -> list[str]:
    """An allergy, or that none is known: IAM in A60; in versions before 2.4, AL1 in A08.

    InputError when the target takes none, or has no way to take one back.
    """
    fact = facts[0]
    if not writer.target.allergies:
        raise InputError(
            "target.allergies",
            f"{writer.target.system} takes no allergies as messages.",
            "Put it on a worklist, or key it by hand.",
        )
    if writer.is_from("2.4"):
        return _build_adverse_reaction(fact, person, writer)
    if fact.fields.get("status") == _WRONG:
        raise InputError(
            "target.allergy-back",
            f"HL7 {writer.target.version} has no message that takes an allergy back.",
            "Correct it in the system by hand, then mark it resolved.",
        )
    substance, kind, severity, reaction = _allergy_fields(fact)
    al1 = build_segment("AL1", {1: "1", 2: kind, 3: substance, 4: severity, 5: reaction})
    return [
        writer.evn(fact, "A08"),
        writer.pid(person),
        writer.pv1(fact, other="U"),
        *_notes(fact, _carried_of_allergy(fact), writer),
        al1,
    ]


def _build_adverse_reaction(fact: Fact, person: PaperPerson, writer: SegmentWriter) -> list[str]:
    """A60; notes follow IAM from 2.7 on, before they stand among the words about the reaction."""
    notes = list_notes(fact, _carried_of_allergy(fact), writer.zone)
    visit = [writer.pv1(fact, other="U")] if fact.key in writer.stays else []
    head = [writer.evn(fact, "A60"), writer.pid(person), *visit]
    if writer.is_from("2.7"):
        return [*head, _iam(fact, (), writer), *comment_segments([source_note(fact), *notes])]
    return [*head, _iam(fact, [f"{label}: {answer}" for label, answer in notes], writer)]


def _carried_of_allergy(fact: Fact) -> tuple[str, ...]:
    is_coded = fact.fields.get("category", "") in TABLES["allergy_categories"]
    return (*_ALLERGY_FIELDS, *(("category",) if is_coded else ()))


def _iam(fact: Fact, remarks: Iterable[str], writer: SegmentWriter) -> str:
    """IAM-6: add, or delete what paper calls wrong (table 0323); IAM-17 its status (table 0438);
    IAM-18 and 20 who said so, and when.
    """
    substance, kind, severity, reaction = _allergy_fields(fact)
    wrong = fact.fields.get("status") == _WRONG
    return build_segment(
        "IAM",
        {
            1: "1",
            2: kind,
            3: substance,
            4: severity,
            5: [text for text in (reaction, *remarks) if text],
            6: "D" if wrong else "A",
            7: (fact.number, DOWNTIME),
            17: "E" if wrong else "",
            18: text_only(
                f"{fact.author} ({fact.author_role})" if fact.author_role else fact.author
            ),
            20: writer.format_time(fact.event),
        },
    )


def _allergy_fields(fact: Fact) -> tuple[Value, str, str, str]:
    fields = fact.fields
    severity = TABLES["severities"].get(fields.get("severity", "").casefold(), "")
    if fields.get("none_known") == "1":
        return _NONE_KNOWN, "", "", ""
    code, name = fields.get("code", ""), fields.get("substance", "")
    kind = TABLES["allergy_categories"].get(fields.get("category", ""), "")
    reaction = fields.get("reaction", "")
    if not severity and fields.get("severity"):
        reaction = "; ".join(filter(None, (reaction, fields["severity"])))
    return (code or name, name, "L"), kind, severity, reaction


def build_alert(facts: tuple[Fact, ...], person: PaperPerson, writer: SegmentWriter) -> list[str]:
    """A08 with the alert as an OBX: HL7 v2 has no segment of its own for it."""
    fact = facts[0]
    obx = {
        1: "1",
        2: "ST",
        3: ("ALERT", fact.fields.get("category") or "Alert", "L"),
        4: writer.sub_id,
        5: fact.fields.get("text") or fact.title,
        11: "F",
        14: writer.format_time(fact.event),
    }
    return [
        writer.evn(fact, "A08"),
        writer.pid(person),
        writer.pv1(fact, other="U"),
        build_segment("OBX", obx),
        *_notes(fact, _ALERT_FIELDS, writer),
    ]


def build_merge(
    survivor: PaperPerson, downtime: PaperPerson, decided: str, writer: SegmentWriter
) -> list[str]:
    """A40 or A47: the downtime number (MRG-1) is the patient of PID; both numbers stay known."""
    event = writer.target.merge
    evn = {1: "" if writer.is_from("2.4") else event, 2: writer.format_time(decided)}
    mrg: dict[int, Value] = {
        1: writer.identifiers(downtime._replace(mrn="", nhs_number="")),
        7: (downtime.family or "UNKNOWN", downtime.given),
    }
    return [
        build_segment("EVN", evn),
        writer.pid(survivor._replace(downtime_number="")),
        build_segment("MRG", mrg),
    ]
