"""Drafts the profile of each source from messages that it sent: a proposal for a person.

Messages of HL7 v2 are told apart by sending application (MSH-3), resources of FHIR by the name that
they give their source. What the draft is not sure of stands beside it as a comment. No number, name
or text of a patient is shown: only codes, authorities and counts.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

from downtime.clinical.identifiers import clean_nhs_number
from downtime.clock import Clock
from downtime.feeds.context import FeedContext
from downtime.feeds.fhir.bundles import find_sender, list_entries, list_sender_names
from downtime.feeds.fhir.data_types import element_at, elements_at, first_code, text_at
from downtime.feeds.fhir.json_documents import parse_json, split_documents
from downtime.feeds.file_format import FileFormat, detect_format, open_as_bytes
from downtime.feeds.hl7.data_types import parse_cx
from downtime.feeds.hl7.framing import split_messages
from downtime.feeds.hl7.messages import read_hl7
from downtime.feeds.hl7.segments import Hl7Message, parse_message
from downtime.feeds.model import FeedMessage, FindingKind, Outcome, Reject, UnusableMessageError
from downtime.feeds.toml_text import format_table, format_value

_NHS_TYPES = ("NH", "NHS")
_VISIT_TYPES = frozenset({"VN", "AN"})
_USUAL_TYPES = frozenset({"MR", "MRN", "PI", "PT", ""})
_NATIONAL_TYPES = frozenset({"SS", "DL", "PPN", "NI", "NH", "SB", "PRC", "BC", "BCT", "TAX", "DR"})
"""Numbers of a state, a bank or a person's papers: never a hospital's."""
_TYPE_ORDER = {"MR": 0, "MRN": 1, "PI": 2, "PT": 3}
_TYPE = re.compile(r"[A-Za-z][A-Za-z0-9]{0,7}")
_MOST_LISTED = 12
_INPATIENT = "I"
_LEAST_SHARE = 0.5
"""A number of the hospital's own is sent for at least so many of its messages with a patient."""
_SYSTEM_OF_TYPE = {
    "ADT": "Patient",
    "SIU": "Appointment",
    "ORU": "DiagnosticReport",
    "ORM": "ServiceRequest",
    "OML": "ServiceRequest",
    "RDE": "MedicationRequest",
    "RAS": "MedicationAdministration",
}


@dataclass(slots=True)
class SourceSample:
    """What the messages of one sender have in common."""

    application: str
    messages: int = 0
    facilities: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    unused: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Kind, or segment of it, and why nothing is taken of it."""
    character_sets: Counter[str] = field(default_factory=Counter)
    odd_bytes: int = 0
    """Messages that are neither ASCII nor UTF-8."""
    with_zone: int = 0
    without_zone: int = 0
    numbers: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Type and authority of the patients' numbers, NHS numbers and visits left out."""
    damaged_nhs: int = 0
    with_patient: int = 0
    classes: Counter[str] = field(default_factory=Counter)
    classes_with_bed: Counter[str] = field(default_factory=Counter)
    people_of_visit: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    visits: int = 0
    accounts: int = 0
    unknown: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Field and what is wrong with the codes in it."""


def sample_sources(
    paths: Iterable[Path], context: FeedContext, clock: Clock
) -> dict[str, SourceSample]:
    """What each sender's messages in these files have in common, by its application."""
    samples: dict[str, SourceSample] = {}
    limit = context.settings.feeds.max_message_bytes
    for path in paths:
        file_format = detect_format(path)
        with open_as_bytes(path) as stream:
            if file_format is FileFormat.HL7:
                for data in split_messages(stream, limit):
                    _sample_message(samples, data, str(path), context)
            elif file_format is FileFormat.JSON:
                for document in split_documents(stream, limit):
                    _sample_document(samples, document.data, context)
    return samples


def _get_sample(samples: dict[str, SourceSample], application: str) -> SourceSample:
    return samples.setdefault(application, SourceSample(application))


def _sample_message(
    samples: dict[str, SourceSample], data: bytes, name: str, context: FeedContext
) -> None:
    try:
        message = parse_message(data)
    except UnusableMessageError:
        return
    sample = _get_sample(samples, message.header.text(3))
    sample.messages += 1
    sample.facilities[message.header.text(4)] += 1
    sample.kinds[f"{message.header.text(9)}^{message.header.text(9, 2)}".rstrip("^")] += 1
    sample.character_sets[message.header.text(18)] += 1
    sample.odd_bytes += not _is_utf8(data)
    stamp = message.header.text(7)
    has_zone = "+" in stamp or "-" in stamp
    sample.with_zone += has_zone
    sample.without_zone += bool(stamp) and not has_zone
    _sample_patient(sample, message)
    _sample_stay(sample, message)
    for item in read_hl7(BytesIO(data), name, context):
        _sample_outcome(sample, item)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _sample_patient(sample: SourceSample, message: Hl7Message) -> None:
    pid = message.find_segment("PID")
    if pid is None:
        return
    sample.with_patient += 1
    pairs = set()
    for value in pid.repetitions(3):
        number, authority, kind = parse_cx(value, pid.delimiters)
        if kind in _NHS_TYPES or authority.upper() == "NHS":
            sample.damaged_nhs += bool(number) and not clean_nhs_number(number)
        elif number and kind not in _VISIT_TYPES:
            pairs.add((kind if _TYPE.fullmatch(kind) else "", authority))
    sample.numbers.update(pairs)


def _sample_stay(sample: SourceSample, message: Hl7Message) -> None:
    pid, pv1 = message.find_segment("PID"), message.find_segment("PV1")
    sample.accounts += bool(pid and pid.text(18))
    if pv1 is None:
        return
    patient_class = pv1.text(2)
    if patient_class:
        sample.classes[patient_class] += 1
        sample.classes_with_bed[patient_class] += bool(pv1.text(3, 3))
    visit = pv1.text(19)
    sample.visits += bool(visit)
    if visit and pid:
        sample.people_of_visit[visit].add(pid.text(3))


def _sample_outcome(sample: SourceSample, item: FeedMessage | Reject) -> None:
    if isinstance(item, Reject):
        sample.unused["rejected", item.reason] += 1
        return
    if item.outcome is Outcome.NOT_USED:
        sample.unused[item.kind, item.unused or "nothing in it is used"] += 1
    for finding in item.findings:
        if finding.kind is FindingKind.NOT_READ and item.content:
            sample.unused[f"{item.kind} {finding.segment}".strip(), finding.text] += 1
        elif finding.kind in (FindingKind.UNKNOWN_CODE, FindingKind.UNKNOWN_STATUS):
            sample.unknown[finding.segment, finding.text] += 1


def _sample_document(samples: dict[str, SourceSample], data: bytes, context: FeedContext) -> None:
    try:
        parsed = parse_json(data, context.settings.feeds)
    except UnusableMessageError:
        return
    for resource in parsed if isinstance(parsed, list) else [parsed]:
        is_bundle = text_at(resource, "resourceType") == "Bundle"
        entries = list_entries(resource) if is_bundle else [{"resource": resource}]
        names = list(list_sender_names(resource, entries if is_bundle else []))
        sample = _get_sample(samples, find_sender(names, context))
        for entry in entries:
            _sample_resource(sample, element_at(entry, "resource"))


def _sample_resource(sample: SourceSample, resource: Any) -> None:
    kind = text_at(resource, "resourceType")
    sample.messages += 1
    sample.kinds[kind] += 1
    if kind == "Patient":
        sample.with_patient += 1
        pairs = {
            (first_code(element_at(item, "type")).upper(), text_at(item, "system"))
            for item in elements_at(resource, "identifier")
            if "nhs-number" not in text_at(item, "system").casefold()
        }
        sample.numbers.update(pair for pair in pairs if pair[0] not in _NHS_TYPES)


def write_profiles(samples: Mapping[str, SourceSample], context: FeedContext) -> str:
    """The drafts as text for config.toml."""
    lines = ["# A draft: look at every line, then try it with 'downtime feeds check --strict'."]
    for _, sample in sorted(samples.items()):
        lines += ["", *_list_profile(sample, context)]
    return "\n".join(lines) + "\n"


def _list_profile(sample: SourceSample, context: FeedContext) -> Iterator[str]:
    name = "".join(c if c.isalnum() else "-" for c in sample.application.casefold()).strip("-")
    yield f"# {sample.messages} messages: {_word_counts(sample.kinds)}."
    yield format_table("feeds", "profiles", name or "unnamed")
    if sample.application:
        yield f"applications = {format_value([sample.application])}"
    else:
        yield '# files = ["*"]  # unsure: the messages do not name their sender; name its files'
    facilities = [facility for facility in sorted(sample.facilities) if facility]
    if facilities:
        yield f"# facilities = {format_value(facilities)}  # to tell senders of one name apart"
    yield from _list_system(sample, context)
    yield from _list_numbers(sample, context)
    yield from _list_classes(sample, context)
    yield from _list_characters(sample)
    if sample.without_zone and not sample.with_zone:
        zone = format_value(str(context.zone))
        yield f"# time_zone = {zone}  # times carry no zone: they are read in this one"
    yield from _list_visits(sample)
    yield from _list_unused(sample)


def _word_counts(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {name or '(empty)'}" for name, count in counts.most_common())


def _list_system(sample: SourceSample, context: FeedContext) -> Iterator[str]:
    if known := context.systems_by_application.get(sample.application.casefold()):
        yield f"# system = {format_value(known)}  # as systems.applications or systems.names say"
        return
    kind = sample.kinds.most_common(1)[0][0]
    record = _SYSTEM_OF_TYPE.get(kind.partition("^")[0], kind)
    system = context.holders.get(record, context.holders["Patient"])
    yield f"system = {format_value(system)}  # unsure: taken from what it sends most"


def _list_numbers(sample: SourceSample, context: FeedContext) -> Iterator[str]:
    if sample.numbers:
        yield f"# Numbers of patients in {sample.with_patient} messages, by type and authority:"
    for (kind, authority), count in sample.numbers.most_common(_MOST_LISTED):
        yield f"#   {kind or '(no type)'} of {authority or '(no authority)'}: {count}"
    if len(sample.numbers) > _MOST_LISTED:
        yield f"#   and {len(sample.numbers) - _MOST_LISTED} more"
    if sample.damaged_nhs:
        yield f"# {sample.damaged_nhs} NHS numbers do not pass their check."
    common = _list_common(sample)
    if not common:
        if sample.with_patient:
            yield "# Unsure: no number is sent for most patients; whose numbers are the hospital's own?"
        return
    kind, authority = common[0]
    remark = "" if len(common) == 1 else "  # unsure: others are sent as often"
    odd = {name for name, issuer in sample.numbers if issuer == authority} - _USUAL_TYPES
    odd -= _NATIONAL_TYPES
    if odd:
        types_remark = "" if odd == {kind} else "  # unsure: are all of them hospital numbers?"
        yield f"mrn_types = {format_value(sorted(odd))}{remark or types_remark}"
    last_step = authority.rstrip("/").replace(":", "/").rsplit("/", 1)[-1]
    if authority and not {authority.casefold(), last_step.casefold()} & context.own_names:
        yield f"mrn_authorities = {format_value([authority])}{remark or '  # unsure: is it yours?'}"


def _list_common(sample: SourceSample) -> list[tuple[str, str]]:
    """What may be the hospital's own numbers: sent for most patients, the most usual type first."""
    least = sample.with_patient * _LEAST_SHARE
    common = [
        (kind, authority)
        for (kind, authority), count in sample.numbers.most_common()
        if count >= least and kind not in _NATIONAL_TYPES
    ]
    return sorted(common, key=lambda pair: _TYPE_ORDER.get(pair[0], len(_TYPE_ORDER)))


def _list_classes(sample: SourceSample, context: FeedContext) -> Iterator[str]:
    if not sample.classes:
        return
    beds = [f"{name} {sample.classes_with_bed[name]} of {n}" for name, n in sample.classes.items()]
    yield f"# Classes (PV1-2) that name a bed: {', '.join(sorted(beds))}."
    lying = sorted(
        name for name, count in sample.classes_with_bed.items() if count and name != _INPATIENT
    )
    if set(lying) - set(context.profile.bed_classes):
        yield f"bed_classes = {format_value(lying)}  # unsure: do all of them lie in beds?"


def _list_characters(sample: SourceSample) -> Iterator[str]:
    named = [name for name in sample.character_sets if name]
    if len(named) > 1:
        yield f"# Unsure: MSH-18 names several character sets: {', '.join(sorted(named))}."
    if sample.odd_bytes and not named:
        yield 'character_set = "cp1252"  # unsure: bytes that are not UTF-8, and MSH-18 is empty'


def _list_visits(sample: SourceSample) -> Iterator[str]:
    reused = sum(len(people) > 1 for people in sample.people_of_visit.values())
    if reused:
        yield f"# Unsure: {reused} visit numbers (PV1-19) are sent for more than one patient."
    if sample.classes and not sample.visits and sample.accounts:
        yield 'visit_key = "account"  # PV1-19 is empty, PID-18 is not'


def _list_unused(sample: SourceSample) -> Iterator[str]:
    """What is not used, by segment or kind and reason, the most frequent first."""
    reasons: Counter[tuple[str, str]] = Counter()
    for (place, reason), count in sample.unused.items():
        reasons[place.rpartition(" ")[2], reason] += count
    for (place, reason), count in reasons.most_common(_MOST_LISTED):
        yield f"# Not used: {count} {place}: {reason}"
    if len(reasons) > _MOST_LISTED:
        yield f"# and {len(reasons) - _MOST_LISTED} other reasons ('downtime feeds check' names all)"
    places = sorted({place for place, _ in reasons} - {"rejected"})
    if places:
        yield f"# not_used = {format_value(places)}  # when that is as it should be"
    for (place, text), count in sorted(sample.unknown.items()):
        yield f"# Codes that are not known: {count} in {place}: {text}"
