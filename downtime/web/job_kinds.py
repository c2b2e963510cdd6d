"""The kinds of long work: each takes a job's arguments and gives a file and a sentence."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

from downtime.paper import print_requests
from downtime.paper.packs import deliver, pack_ledger
from downtime.reconcile.compare import run_comparison as run
from downtime.reconcile.harm import review
from downtime.returns import export_messages, send_messages
from downtime.returns.rekey import rekey_lines, worklist_files
from downtime.returns.report import incident_report, report_files
from downtime.returns.statement import completeness_statement, statement_files
from downtime.settings import Settings
from downtime.vault.files import make_private
from downtime.vault.jobs import Job, Result
from downtime.vault.vault import Vault

Progress = Callable[[int, int], None]
Outcome = tuple[Result | None, str]
PDF = "application/pdf"
WHY = "asked for on screen"


@dataclass(frozen=True, slots=True)
class Work:
    """One kind: how it is done, what it is called, and where one goes from it."""

    run: Callable[[Vault, Settings, Job, Progress], Outcome]
    title: str
    back: str
    back_text: str
    opens: bool = True
    """Whether its file opens by itself when it is ready."""
    undo: Callable[[Vault, Job], None] = lambda vault, job: None
    """What is to be put right when it did not end well."""
    apart: bool = False
    """Whether it is done in a process of its own. That takes a second to start, so it is for what
    computes over all forms of an outage; packs bring processes of their own, sending waits."""


def _print(vault: Vault, settings: Settings, job: Job, progress: Progress) -> Outcome:
    """Print an order; a job that is done again prints anew what nobody got, and only that."""
    order, to = print_requests.from_json(job.arguments["order"]), job.arguments["to"]
    if to != deliver.SCREEN and (done := pack_ledger.find_printed_for_job(vault, job.id)):
        return (
            None,
            f"{done.pages} pages were {deliver.DELIVERED_WORDS[to]} before the program stopped.",
        )
    pack_ledger.withdraw_job(vault, job.id, pack_ledger.INTERRUPTED)
    out = BytesIO()
    hand_over = deliver.make_delivery(settings.printing, to, out, two_sided=order.two_sided)
    made = print_requests.print_request(
        vault, settings, order, job.actor, job.arguments["why"], out,
        progress=progress, hand_over=hand_over, job=job.id,
    )  # fmt: skip
    if failed := job.arguments.get("instead_of"):
        pack_ledger.mark_repeated(vault, pack_ledger.get_pack(vault, failed), job.actor, made.id)
    said = f"{made.pages} pages, {made.forms} forms for patients, {made.blank_forms} blank"
    if to != deliver.SCREEN:
        return None, f"{said}, {deliver.DELIVERED_WORDS[to]}."
    return Result(out.getvalue(), PDF, made.file_name), f"{said}."


def _withdraw(vault: Vault, job: Job) -> None:
    """What was made for the screen and never fetched does not count as printed."""
    if job.arguments["to"] == deliver.SCREEN:
        pack_ledger.withdraw_job(vault, job.id, "The job was stopped; nothing was handed over.")


def _reconcile(vault: Vault, settings: Settings, job: Job, progress: Progress) -> Outcome:
    done = run.run_comparison(vault, settings, job.actor, WHY, progress)
    review.run(vault, settings, job.actor, WHY)
    return None, f"{done.forms} forms, {done.items} items compared, {done.open} to be decided."


def _harm(vault: Vault, settings: Settings, job: Job, progress: Progress) -> Outcome:
    done = review.run(vault, settings, job.actor, WHY)
    return None, f"{done.findings} findings."


def _returns(vault: Vault, settings: Settings, job: Job, progress: Progress) -> Outcome:
    outage = run.find_latest_outage(vault)
    folder = vault.home.path / "returns" / outage.id
    make_private(folder.parent)
    make_private(folder)
    done = export_messages.export_messages(
        vault, settings, job.arguments["format"], folder, job.actor
    )
    packed = BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            archive.write(path, path.relative_to(folder))
    name = f"returns {outage.label}.zip"
    return Result(packed.getvalue(), "application/zip", name), done.sentence


def _worklist(vault: Vault, settings: Settings, job: Job, progress: Progress) -> Outcome:
    outage, asked = run.find_latest_outage(vault), job.arguments
    found = [
        line
        for line in rekey_lines.list_lines(vault, outage.id)
        if not asked["system"] or line.worklist == (asked["system"], asked["department"])
    ]
    content = worklist_files.write_worklist(vault, settings, asked["kind"], found, job.actor)
    named = " ".join(filter(None, ("worklist", asked["system"], asked["department"])))
    name = f"{named} {outage.label}.{asked['kind']}"
    said = f"{len(found)} line{'' if len(found) == 1 else 's'}."
    return Result(content, worklist_files.KINDS[asked["kind"]], name), said


def _send(vault: Vault, settings: Settings, job: Job, progress: Progress) -> Outcome:
    done = send_messages.send_messages(
        vault, settings, job.arguments["system"], job.actor, pause=_pause, progress=progress
    )
    return None, done.sentence


def _pause(seconds: float) -> bool:
    """Wait; a job is ended by its progress, never here."""
    time.sleep(seconds)
    return False


def _statement(vault: Vault, settings: Settings, job: Job, progress: Progress) -> Outcome:
    made = completeness_statement.make_statement(
        vault, settings, job.actor, WHY, job.arguments.get("outage", "")
    )
    content = statement_files.to_pdf(made, settings)
    drill = "DRILL " if made.facts["outage"]["drill"] else ""
    return Result(content, PDF, f"{drill}statement {made.outage}.pdf"), made.verdict


def _report(vault: Vault, settings: Settings, job: Job, progress: Progress) -> Outcome:
    made = incident_report.make_report(
        vault, settings, job.actor, WHY, job.arguments.get("outage", "")
    )
    drill = "DRILL " if made.statement.facts["outage"]["drill"] else ""
    name = f"{drill}report {made.statement.outage}.pdf"
    return Result(report_files.to_pdf(made, settings), PDF, name), made.statement.verdict


_TITLES = {
    print_requests.WARDS: "Ward pack",
    print_requests.CHANGES: "Changes of a ward",
    print_requests.PATIENT: "Patient's pages",
    print_requests.CLINIC: "Clinic list",
    print_requests.THEATRE: "Theatre list",
    print_requests.BLANK: "Blank forms",
    print_requests.AGAIN: "Form printed again",
    print_requests.LABELS: "Labels",
}
PACK = "pack-"
"""What the kinds of job begin with that print."""

WORK: dict[str, Work] = {
    **{
        PACK + kind: Work(_print, title, "printing.choose", "Print something else", undo=_withdraw)
        for kind, title in _TITLES.items()
    },
    "reconcile": Work(_reconcile, "Comparison", "comparison.show", "See the items", apart=True),
    "harm": Work(_harm, "Harm review", "harm.show", "See the findings", apart=True),
    "returns": Work(
        _returns, "Returns", "returns.show", "All that has gone out", opens=False, apart=True
    ),
    "worklist": Work(
        _worklist, "Worklist", "rekey_worklists.show", "Back to the worklists", opens=False
    ),
    "report": Work(
        _report, "Post-incident report", "report.show", "Back to the report", apart=True
    ),
    "send": Work(_send, "Sending", "returns.show", "See what has become of it"),
    "statement": Work(
        _statement, "Statement", "statement.show", "Back to the statement", apart=True
    ),
}
