"""The kinds of long work: each takes a job's arguments and gives a file and a sentence."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

import orjson

from downtime.entry import take_in_batch
from downtime.entry.judge_second_scans import read_sent_scans
from downtime.paper.packs import pack_ledger
from downtime.paper.packs.deliver import DELIVERED_WORDS, make_delivery
from downtime.paper.packs.model import PrintChannel, RequestKind
from downtime.paper.packs.print_pack import print_pack
from downtime.paper.packs.ward_pack import WardPack
from downtime.paper.print_requests import REQUESTS, read_request
from downtime.reconcile.compare import run_comparison as run
from downtime.reconcile.harm import review
from downtime.reconcile.latest_outage import find_latest_outage
from downtime.returns import export_messages, send_messages
from downtime.returns.rekey import rekey_lines, worklist_files
from downtime.returns.report import incident_report, report_files
from downtime.returns.statement import completeness_statement, statement_files
from downtime.scanning.model import PageOutcome
from downtime.settings import Settings
from downtime.snapshot.replay_ledger import preview_replay, replay_ledger
from downtime.vault.files import make_private_folder
from downtime.vault.model import Job, JobResult
from downtime.vault.vault import Vault

Progress = Callable[[int, int], None]
Outcome = tuple[JobResult | None, str]
PDF = "application/pdf"
MANY_WARDS = 4
"""Wards from which on a pack is printed in a process of its own."""
REASON_ON_SCREEN = "asked for on screen"


class JobName(StrEnum):
    """The kinds of job, as the job table names them; print jobs are named by `name_print_job`."""

    COMPARISON = "reconcile"
    HARM_REVIEW = "harm"
    RETURNS = "returns"
    WORKLIST = "worklist"
    REPORT = "report"
    REPLAY = "replay"
    REPLAY_PREVIEW = "replay-preview"
    PAGE_READING = "page-reading"
    SCANNING = "scan"
    SENDING = "send"
    STATEMENT = "statement"


class JobLane(StrEnum):
    """What waits for each other: a server does one job of each lane at a time."""

    SHORT = "short"
    WARD_PACKS = "ward-packs"
    LONG = "long"
    """What computes over all forms of an outage."""


def _always(_: Job) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class JobKind:
    """One kind: how it is done, what it is called, and where one goes from it."""

    run: Callable[[Vault, Settings, Job, Progress], Outcome]
    title: str
    back: str
    back_text: str
    opens_result: bool = True
    """Whether its file opens by itself when it is ready."""
    undo: Callable[[Vault, Job], None] = lambda vault, job: None
    """What is to be put right when it did not end well."""
    own_process: Callable[[Job], bool] = lambda job: False
    """Whether it is done in a process of its own. That takes a second to start, so it is for what
    computes over all forms of an outage, or prints for minutes: else no page comes in time meanwhile."""
    lane: JobLane = JobLane.SHORT


def _print_pack(vault: Vault, settings: Settings, job: Job, progress: Progress) -> Outcome:
    """Print a request; a job that is done again prints anew what nobody got, and only that."""
    request, channel = read_request(job.arguments["order"]), PrintChannel(job.arguments["to"])
    is_fetched = channel == PrintChannel.SCREEN
    if not is_fetched and (printed := pack_ledger.find_printed_for_job(vault, job.id)):
        channel_words = DELIVERED_WORDS[channel]
        return None, f"{printed.pages} pages were {channel_words} before the program stopped."
    pack_ledger.withdraw_job(vault, job.id, pack_ledger.INTERRUPTED)
    out = BytesIO()
    deliver = make_delivery(settings.printing, channel, out, two_sided=request.two_sided)
    result = print_pack(
        vault, settings, request, job.actor, job.arguments["why"], out,
        progress=progress, deliver=deliver, job=job.id,
    )  # fmt: skip
    if failed := job.arguments.get("instead_of"):
        pack_ledger.mark_repeated(vault, pack_ledger.get_pack(vault, failed), job.actor, result.id)
    counts = f"{result.forms} forms for patients, {result.blank_forms} blank"
    sentence = f"{result.pages} pages, {counts}"
    notes = "".join(f" {note}" for note in result.notes)
    if not is_fetched:
        return None, f"{sentence}, {DELIVERED_WORDS[channel]}.{notes}"
    return JobResult(out.getvalue(), PDF, result.file_name), f"{sentence}.{notes}"


def _withdraw_unfetched(vault: Vault, job: Job) -> None:
    """What was made for the screen and never fetched does not count as printed, nor what was not made."""
    if job.arguments["to"] == PrintChannel.SCREEN:
        pack_ledger.withdraw_job(vault, job.id, pack_ledger.CANCELLED)
    else:
        pack_ledger.withdraw_unfinished(vault, job.id, pack_ledger.CANCELLED)


def _is_long_order(job: Job) -> bool:
    """Whether a ward pack is asked for of so many wards, or of the whole site, that it takes minutes."""
    wards = read_request(job.arguments["order"]).wards  # type: ignore[attr-defined]  # a ward pack
    return not wards or len(wards) >= MANY_WARDS


def _run_comparison(vault: Vault, settings: Settings, job: Job, progress: Progress) -> Outcome:
    done = run.run_comparison(vault, settings, job.actor, REASON_ON_SCREEN, progress)
    review.run_review(vault, settings, job.actor, REASON_ON_SCREEN)
    return None, f"{done.forms} forms, {done.items} items compared, {done.open} to be decided."


def _run_harm_review(vault: Vault, settings: Settings, job: Job, progress: Progress) -> Outcome:
    done = review.run_review(vault, settings, job.actor, REASON_ON_SCREEN)
    return None, f"{done.findings} findings."


def _export_messages(vault: Vault, settings: Settings, job: Job, progress: Progress) -> Outcome:
    outage = find_latest_outage(vault)
    folder = vault.home.path / "returns" / outage.id
    make_private_folder(folder.parent)
    make_private_folder(folder)
    done = export_messages.export_messages(
        vault, settings, job.arguments["format"], folder, job.actor
    )
    packed = BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            archive.write(path, path.relative_to(folder))
    name = f"returns {outage.label}.zip"
    return JobResult(packed.getvalue(), "application/zip", name), done.sentence


def _write_worklist(vault: Vault, settings: Settings, job: Job, progress: Progress) -> Outcome:
    outage, asked = find_latest_outage(vault), job.arguments
    lines = [
        line
        for line in rekey_lines.list_lines(vault, outage.id)
        if not asked["system"] or line.worklist == (asked["system"], asked["department"])
    ]
    kind = worklist_files.parse_kind(asked["kind"])
    content = worklist_files.write_worklist(vault, settings, kind, lines, job.actor)
    name_parts = ("worklist", asked["system"], asked["department"], outage.label)
    name = f"{' '.join(filter(None, name_parts))}.{kind}"
    sentence = f"{len(lines)} line{'' if len(lines) == 1 else 's'}."
    return JobResult(content, worklist_files.MEDIA_TYPES[kind], name), sentence


def _send_messages(vault: Vault, settings: Settings, job: Job, progress: Progress) -> Outcome:
    done = send_messages.send_messages(
        vault, settings, job.arguments["system"], job.actor, pause=_pause, progress=progress
    )
    return None, done.sentence


def _pause(seconds: float) -> bool:
    """Wait; a job is ended by its progress, never here."""
    time.sleep(seconds)
    return False


def _make_statement(vault: Vault, settings: Settings, job: Job, progress: Progress) -> Outcome:
    statement = completeness_statement.make_statement(
        vault, settings, job.actor, REASON_ON_SCREEN, job.arguments.get("outage", "")
    )
    content = statement_files.to_pdf(statement, settings)
    drill = "DRILL " if statement.facts["outage"]["drill"] else ""
    return JobResult(content, PDF, f"{drill}statement {statement.outage}.pdf"), statement.verdict


def _make_report(vault: Vault, settings: Settings, job: Job, progress: Progress) -> Outcome:
    report = incident_report.make_report(
        vault, settings, job.actor, REASON_ON_SCREEN, job.arguments.get("outage", "")
    )
    drill = "DRILL " if report.statement.facts["outage"]["drill"] else ""
    name = f"{drill}report {report.statement.outage}.pdf"
    return JobResult(report_files.to_pdf(report, settings), PDF, name), report.statement.verdict


def _preview_replay(vault: Vault, settings: Settings, job: Job, progress: Progress) -> Outcome:
    report = preview_replay(vault, settings)
    document = orjson.dumps(report.as_json(names_patients=bool(job.arguments["values"])))
    sentence = f"Records of {len(report.patients)} patients would change."
    return JobResult(document, "application/json", "replay preview.json"), sentence


def _replay_ledger(vault: Vault, settings: Settings, job: Job, progress: Progress) -> Outcome:
    report = replay_ledger(vault, settings, job.actor, job.arguments["reason"])
    return None, f"Records of {len(report.patients)} patients have changed."


def _read_scans(vault: Vault, settings: Settings, job: Job, progress: Progress) -> Outcome:
    report = take_in_batch.take_in_upload(
        vault, settings, str(job.arguments["batch"]), job.actor, progress
    )
    filed, tray = report.counts[PageOutcome.FILED], report.homeless
    return None, f"{report.pages} pages, {filed} filed, {tray} in the tray."


def _read_laptops_scans(vault: Vault, settings: Settings, job: Job, progress: Progress) -> Outcome:
    pages = read_sent_scans(vault, settings, job.actor, progress)
    return None, f"{pages} page{'' if pages == 1 else 's'} read."


_PRINT_PREFIX = "pack-"


def name_print_job(kind: RequestKind) -> str:
    """The kind of the job that prints such a request."""
    return _PRINT_PREFIX + kind


def is_print_job(job: Job) -> bool:
    """Whether a job prints something."""
    return job.kind.startswith(_PRINT_PREFIX)


JOB_KINDS: dict[str, JobKind] = {
    **{
        name_print_job(kind): JobKind(
            _print_pack,
            request.title,
            "printing.choose",
            "Print something else",
            undo=_withdraw_unfetched,
            own_process=_is_long_order if kind == WardPack.kind else lambda job: False,
            lane=JobLane.WARD_PACKS if kind == WardPack.kind else JobLane.SHORT,
        )
        for kind, request in REQUESTS.items()
    },
    JobName.COMPARISON: JobKind(
        _run_comparison,
        "Comparison",
        "comparison.show",
        "See the items",
        own_process=_always,
        lane=JobLane.LONG,
    ),
    JobName.HARM_REVIEW: JobKind(
        _run_harm_review,
        "Harm review",
        "harm.show",
        "See the findings",
        own_process=_always,
        lane=JobLane.LONG,
    ),
    JobName.RETURNS: JobKind(
        _export_messages,
        "Returns",
        "returns.show",
        "See all messages",
        opens_result=False,
        own_process=_always,
        lane=JobLane.LONG,
    ),
    JobName.WORKLIST: JobKind(
        _write_worklist,
        "Worklist",
        "rekey_worklists.show",
        "Back to the worklists",
        opens_result=False,
    ),
    JobName.REPORT: JobKind(
        _make_report,
        "Post-incident report",
        "report.show",
        "Back to the report",
        own_process=_always,
        lane=JobLane.LONG,
    ),
    JobName.REPLAY_PREVIEW: JobKind(
        _preview_replay,
        "Preview of a replay",
        "ingest.replay",
        "See what would change",
        opens_result=False,
        own_process=_always,
        lane=JobLane.LONG,
    ),
    JobName.REPLAY: JobKind(
        _replay_ledger,
        "Replay",
        "ingest.show",
        "See the messages",
        own_process=_always,
        lane=JobLane.LONG,
    ),
    JobName.PAGE_READING: JobKind(
        _read_laptops_scans,
        "Reading scans of laptops",
        "laptops.show",
        "Back to the laptops",
        own_process=_always,
        lane=JobLane.LONG,
    ),
    JobName.SCANNING: JobKind(
        _read_scans,
        "Reading a box of paper",
        "scanning.show",
        "See all boxes",
        own_process=_always,
        lane=JobLane.LONG,
    ),
    JobName.SENDING: JobKind(_send_messages, "Sending", "returns.show", "See progress"),
    JobName.STATEMENT: JobKind(
        _make_statement,
        "Statement",
        "statement.show",
        "Back to the statement",
        own_process=_always,
        lane=JobLane.LONG,
    ),
}
