"""Look at what was received, read it again, and release a list from quarantine."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Any

import click

from downtime.accounts.model import Permission
from downtime.accounts.permissions import check_can, is_permitted
from downtime.cli.options import REASON, EnumChoice
from downtime.cli.program import ingest
from downtime.cli.session import Output, Session, command
from downtime.errors import InputError
from downtime.feeds.file_format import FileFormat
from downtime.feeds.masking import mask_raw
from downtime.feeds.model import Outcome
from downtime.feeds.quotes import quote_raw
from downtime.ingest.find_messages import (
    PAGE,
    ShownMessage,
    describe_raw,
    find_messages,
    mask_entry,
    show_message,
)
from downtime.ingest.ledger import Ledger
from downtime.ingest.model import LedgerEntry, MessageFilter
from downtime.ingest.policies import can_release
from downtime.ingest.release_list import release_list
from downtime.snapshot.lost_messages import continue_numbers
from downtime.snapshot.preview_release import ReleasePreview, count_wards, preview_release
from downtime.snapshot.replay_ledger import preview_replay, replay_ledger


def _sees_values(session: Session) -> bool:
    return is_permitted(session.signed_in.person, Permission.INGEST_VALUES)


@command(ingest, "list", permission=Permission.INGEST_VIEW)
@click.option("--patient", "identifier", default="", help="A number of a patient, whole.")
@click.option("--id", "control_id", default="", help="Message control id (MSH-10) or resource id.")
@click.option("--type", "kind", default="", help="ADT^A01, or ADT for all of them.")
@click.option("--outcome", type=EnumChoice(Outcome), help="What became of it.")
@click.option("--source", default="", help="A source of config.toml, or a system.")
@click.option("--since", default="", metavar="TIME", help="Received from then on (UTC).")
@click.option("--until", default="", metavar="TIME", help="Received before then (UTC).")
@click.option(
    "--before",
    type=click.IntRange(0),
    default=0,
    metavar="NUMBER",
    help="Arrival numbers below this one.",
)
@click.option(
    "--limit", type=click.IntRange(1), default=PAGE, show_default=True, help="So many at most."
)
def list_(session: Session, limit: int, outcome: str | None, **filters: Any) -> Output:
    """Received messages, the newest first.

    To look for a patient's number one has to be allowed to see patients.
    """
    if filters["identifier"]:
        check_can(session.signed_in.person, Permission.INGEST_VALUES)
    for name in ("since", "until"):
        _check_time(name, filters[name])
    wanted = MessageFilter(outcome=Outcome(outcome) if outcome else None, **filters)
    with Ledger(session.vault, session.settings) as ledger:
        entries = find_messages(ledger, wanted, limit)
    return Output(
        [_describe_entry(mask_entry(entry)) for entry in entries],
        [_list_line(entry) for entry in entries] or ["No message fits."],
    )


def _check_time(name: str, text: str) -> None:
    try:
        datetime.fromisoformat(text or "2026-01-01")
    except ValueError:
        raise InputError(
            "ingest.time",
            f"--{name} is no time.",
            "Write it as 2026-11-02 or 2026-11-02T14:30:00Z.",
        ) from None


@command(ingest, "show", permission=Permission.INGEST_VIEW)
@click.argument("arrival", type=int, metavar="NUMBER")
def show(session: Session, arrival: int) -> Output:
    """One message: what became of it, what it touches, and how it came.

    Values of patients are masked for everybody who may not see patients.
    """
    with Ledger(session.vault, session.settings) as ledger:
        shown = show_message(ledger, arrival)
        preview = ReleasePreview()
        if can_release(shown.entry):
            preview = preview_release(session.vault, ledger, arrival)
    sees_values = _sees_values(session)
    raw = describe_raw(shown) if sees_values else mask_raw(shown.raw, FileFormat(shown.format))
    document = _describe_entry(shown.entry if sees_values else mask_entry(shown.entry))
    quotes = [
        quote_raw(shown.raw, FileFormat(shown.format), finding) if shown.raw else ""
        for finding in shown.entry.findings
    ]
    document["findings"] = [
        finding | {"quote": quote}
        for finding, quote in zip(document["findings"], quotes, strict=True)
    ]
    document["touched"] = [
        {"type": item.type, "source": item.source, "operation": item.operation}
        | ({"key": item.key} if sees_values else {})
        for item in shown.touched
    ]
    document["raw"] = raw
    document["if_released"] = {
        name: count_wards(records)
        for name, records in (("leaving", preview.leaving), ("coming", preview.coming))
    }
    lines = [*_show_lines(shown, quotes, sees_values), *_preview_lines(shown, preview, sees_values)]
    return Output(document, [*lines, "", raw])


@command(ingest, "replay", permission=Permission.INGEST_REPLAY)
@click.option("--preview", is_flag=True, help="Say what would change; change nothing.")
@click.option("--reason", default="", help="Reason, kept in the audit; needed without --preview.")
def replay(session: Session, preview: bool, reason: str) -> Output:
    """Read all that is kept once more, as the profiles of today say, and let that be the state.

    The next 'downtime snapshot build' publishes it.
    """
    vault, settings = session.vault, session.settings
    if preview:
        report = preview_replay(vault, settings)
    else:
        report = replay_ledger(vault, settings, session.actor, reason)
    document = report.as_json(names_patients=_sees_values(session))
    return Output(document, _replay_lines(document, preview))


@command(ingest, "release", permission=Permission.INGEST_RELEASE)
@click.argument("arrival", type=int, metavar="NUMBER")
@REASON
def release(session: Session, arrival: int, reason: str) -> Output:
    """Release a list from quarantine: the next build applies it, whatever it lacks."""
    with Ledger(session.vault, session.settings) as ledger:
        continue_numbers(session.vault, ledger, session.actor)
        released_as = release_list(session.vault, ledger, arrival, session.actor, reason)
    return Output(
        {"arrival": arrival, "released_as": released_as},
        [f"Message {arrival} is released as {released_as}: the next build applies it."],
    )


def _describe_entry(entry: LedgerEntry) -> dict[str, Any]:
    document = asdict(entry)
    document["findings"] = [finding._asdict() for finding in entry.findings]
    document["identifiers"] = [str(identifier) for identifier in entry.identifiers]
    return document


def _list_line(entry: LedgerEntry) -> str:
    details = (entry.source, entry.sender, entry.control_id, entry.reason)
    return (
        f"{entry.arrival:>9}  {entry.received}  {entry.kind:<12} {entry.outcome:<12} "
        f" {'  '.join(filter(None, details))}"
    )


def _show_lines(shown: ShownMessage, quotes: list[str], sees_values: bool) -> Iterator[str]:
    entry = shown.entry
    line = f", line {entry.line}" if entry.line else ""
    yield f"Message {entry.arrival}: {entry.kind} {entry.control_id} from {entry.sender}".rstrip()
    yield f"Received {entry.received} by {entry.source}: {entry.name}, number {entry.number}{line}."
    yield f"Sent {entry.sent or 'at a time that it does not say'}; system {entry.system or 'unknown'}."
    yield f"Outcome: {entry.outcome}{': ' + entry.reason if entry.reason else ''}."
    if entry.released_as:
        yield f"Released as {entry.released_as}."
    if entry.released_from:
        yield f"This is {entry.released_from}, released from quarantine."
    for finding, quote in zip(entry.findings, quotes, strict=True):
        yield f"  {finding.kind}: {finding.segment + ': ' if finding.segment else ''}{finding.text}"
        if quote:
            yield f"    {quote}"
    if sees_values and entry.identifiers:
        yield f"Patients: {', '.join(map(str, entry.identifiers))}"
    counts = Counter((item.type, item.source, item.operation) for item in shown.touched)
    for (kind, source, operation), count in counts.items():
        yield f"Touches {count} {kind} of {source} ({operation})"


def _preview_lines(
    shown: ShownMessage, preview: ReleasePreview, sees_values: bool
) -> Iterator[str]:
    """Who would leave and come if it were released."""
    if not can_release(shown.entry):
        return
    for verb, records in (("leave", preview.leaving), ("come", preview.coming)):
        yield f"If it is released, {len(records)} would {verb}:"
        for ward, count in count_wards(records).items():
            yield f"  {ward or 'No ward'}: {count}"
            if sees_values:
                yield from (f"    {record.who}" for record in records if record.ward == ward)


def _replay_lines(document: dict[str, Any], preview: bool) -> Iterator[str]:
    yield f"{document['messages']} messages were read again."
    for item in document["outcomes"]:
        yield f"  {item['count']} messages: {item['before']} before, {item['after']} now"
    for name, changes in document["records"].items():
        yield (
            f"  {name}: {changes['added']} more, {changes['changed']} changed,"
            f" {changes['removed']} no more"
        )
    would = "would change" if preview else "have changed"
    yield f"Records of {document['patients']} patients {would}."
    yield from (f"  {name}" for name in document["of"])
    if not preview:
        yield "The next 'downtime snapshot build' publishes it."
