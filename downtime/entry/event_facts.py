"""What events on the screen say, as facts: the same that the paper form for each would say.

An event's id stands where a form's serial does. What was withdrawn says nothing; a correction says it
under the same key, so that what was returned before is known to be corrected.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from downtime.entry.facts import Fact, PaperPerson
from downtime.entry.model import Entry, EntryState
from downtime.errors import NotFoundError
from downtime.outage.events import store
from downtime.outage.events.hospital_now import list_threads
from downtime.outage.events.kinds import EVENT_ROWS, owner_system, source_name
from downtime.outage.events.model import Event, EventKind, EventSubject, EventThread
from downtime.outage.events.phoned_results import find_read_back
from downtime.outage.events.registered_people import name_person
from downtime.outage.events.row_types import EventRow, FieldKind, SubjectRule
from downtime.outage.events.wording import list_answers, word_answer
from downtime.outage.model import Outage
from downtime.settings import Settings
from downtime.vault.vault import Vault

_PATIENT = "Patient."
_NOT_NOTED = (FieldKind.PATIENT, FieldKind.NHS_NUMBER)


def thread_stamp(thread: EventThread) -> str:
    """Another one as soon as anything of it is corrected or recorded about it."""
    latest = thread.latest
    return " ".join([latest.entered, latest.id, *(event.id for event in thread.follow_ups)])


def is_fact(thread: EventThread) -> bool:
    """Whether a hospital system keeps such things; what follows up another event goes with that."""
    row = EVENT_ROWS[thread.latest.kind]
    return thread.stands and bool(row.record)


def find_certain_events(vault: Vault, roots: Iterable[str]) -> dict[str, str]:
    """Those of these events that may be returned, each with when it last changed (UTC).

    A phoned result that nobody has read back is not certain.
    """
    threads = list_threads(vault, store.fetch_versions_of(vault.db, roots))
    return {
        thread.root: _last_change(thread)
        for thread in threads
        if is_fact(thread) and not is_awaiting_read_back(thread)
    }


def is_awaiting_read_back(thread: EventThread) -> bool:
    """Whether a second person has still to read it back."""
    return thread.latest.kind == EventKind.RESULT and find_read_back(thread) is None


class UnfinishedEvents(NamedTuple):
    """Ids of events of an outage that stand between it and the word 'complete'."""

    changed: tuple[str, ...]
    """Facts that were recorded or corrected since a given time."""
    not_read_back: tuple[str, ...]
    without_fate: tuple[str, ...]
    """Units of blood of which nobody said what became of them."""


def read_unfinished_events(vault: Vault, outage: Outage, since: str) -> UnfinishedEvents:
    """Those of an outage, `since` a stored time; none of a drill, whose events are no facts."""
    threads = [] if outage.drill else list_outage_threads(vault, outage)
    facts = [thread for thread in threads if is_fact(thread)]
    issues = [thread for thread in facts if thread.latest.kind == EventKind.BLOOD_ISSUE]
    return UnfinishedEvents(
        tuple(thread.root for thread in facts if _last_change(thread) > since),
        tuple(thread.root for thread in facts if is_awaiting_read_back(thread)),
        tuple(thread.root for thread in issues if not thread.follow_ups),
    )


def count_events(vault: Vault, outage: Outage) -> dict[str, Any]:
    """How many events an outage has by kind, and how many were corrected and withdrawn."""
    threads = list_outage_threads(vault, outage)
    kinds = Counter(EVENT_ROWS[thread.latest.kind].title for thread in threads)
    return {
        "recorded": kinds.total(),
        "kinds": dict(sorted(kinds.items())),
        "corrected": sum(thread.is_corrected and thread.stands for thread in threads),
        "withdrawn": sum(not thread.stands for thread in threads),
    }


def list_outage_threads(vault: Vault, outage: Outage) -> list[EventThread]:
    """All events of an outage."""
    return list_threads(vault, store.fetch_of_outages(vault.db, [outage.id]))


def _last_change(thread: EventThread) -> str:
    return max(event.entered for event in (thread.latest, *thread.follow_ups))


def read_event_facts(
    vault: Vault, settings: Settings, roots: Iterable[str]
) -> Iterator[tuple[str, list[Fact]]]:
    """Ids of events to what each says."""
    threads = list_threads(vault, store.fetch_versions_of(vault.db, roots))
    for thread in threads:
        if is_fact(thread):
            yield thread.root, find_event_facts(thread, settings)


def find_event_facts(thread: EventThread, settings: Settings) -> list[Fact]:
    """All facts of one event; of an arrival the person too, as the form has it."""
    event, row = thread.latest, EVENT_ROWS[thread.latest.kind]
    zone = ZoneInfo(settings.site.time_zone)
    fields, notes = _read_fields(row, event, zone)
    for later in thread.follow_ups:
        more_fields, more_notes = _read_fields(EVENT_ROWS[later.kind], later, zone)
        fields, notes = fields | more_fields, notes + more_notes
    if row.time_field:
        fields[row.time_field] = event.happened
    base = Fact(
        key=f"{thread.root}-form", type=row.record, system=owner_system(row, settings),
        form=source_name(event.kind), serial=thread.root, ward=event.answers.get("prior_ward") or event.ward, person=make_person(event),
        event=event.happened, entered=event.entered, author=event.author_name,
        author_role=event.author_role, transcriber=event.author, fields=fields, notes=notes,
    )  # fmt: skip
    if row.subject != SubjectRule.NEW:
        return [base]
    person = _person_fields(row, event)
    return [
        base,
        base._replace(key=f"{thread.root}-person", type="Patient", fields=person, notes=()),
    ]


def make_event_entry(vault: Vault, root: str) -> Entry:
    """An event as an entry of a form would stand: its author is who typed it. NotFoundError.

    What was recorded about it later counts as a correction: it then says more.
    """
    thread = next(iter(list_threads(vault, store.fetch_versions(vault.db, root))), None)
    if thread is None:
        raise NotFoundError("event.unknown", "There is no such event.", "See the list of events.")
    event, read_back = thread.latest, find_read_back(thread)
    return Entry(
        serial=root, form=source_name(event.kind), version="1", state=EntryState.VERIFIED,
        outage=event.outage, answers=event.answers, event=event.happened, author=event.author_name,
        author_role=event.author_role, transcriber=event.author,
        transcriber_name=event.author_name, entered=event.entered, changed=event.entered,
        verifier=read_back.author if read_back else "",
        verifier_name=read_back.author_name if read_back else "",
        verified=read_back.entered if read_back else event.entered,
        corrections=len(thread.versions) - 1 + len(thread.follow_ups), ward=event.ward,
    )  # fmt: skip


class EventAnswer(NamedTuple):
    """One answer of an event, as a response to a questionnaire has it."""

    link_id: str
    question: str
    answer: str


def list_event_answers(vault: Vault, root: str, zone: ZoneInfo) -> list[EventAnswer]:
    """All that an event says now, and what was recorded about it later."""
    threads = list_threads(vault, store.fetch_versions(vault.db, root))
    return [
        EventAnswer(f"{event.kind}.{field.name}", field.text, text)
        for thread in threads
        for event in (thread.latest, *thread.follow_ups)
        for field, text in list_answers(event, zone)
    ]


def make_person(event: Event) -> PaperPerson:
    """Whom an event is about; no snapshot knows who was registered on the screen."""
    subject: EventSubject = event.subject
    details = {name: getattr(subject, name) for name in EventSubject._fields if name != "patient"}
    known_id = "" if subject.downtime_number else subject.patient
    return PaperPerson(id=known_id, **details)


def _read_fields(
    row: EventRow, event: Event, zone: ZoneInfo
) -> tuple[dict[str, str], tuple[tuple[str, str], ...]]:
    """The fields of the record, and what none of them holds as notes."""
    fields, notes = dict(row.says), []
    for field in row.fields:
        text = event.answers.get(field.name, "")
        choice = next((choice for choice in field.choices if choice.code == text), None)
        if choice:
            fields |= dict(choice.says)
        if text and field.maps and not field.maps.startswith(_PATIENT):
            fields[field.maps] = text
        elif (
            text
            and not field.maps
            and not (choice and choice.says)
            and field.kind not in _NOT_NOTED
        ):
            notes.append((field.text, word_answer(field, text, zone)))
    return fields, tuple(notes)


def _person_fields(row: EventRow, event: Event) -> Mapping[str, str]:
    """What an arrival says of the person; of somebody unknown no invented name."""
    answers = event.answers
    fields = {
        field.maps.removeprefix(_PATIENT): answers[field.name]
        for field in row.fields
        if field.maps.startswith(_PATIENT)
        and answers.get(field.name)
        and field.name != "downtime_number"
    }
    if answers.get("family"):
        name = name_person(answers)
        fields |= {"family": name.family, "given": name.given}
    return {name: text for name, text in fields.items() if text}
