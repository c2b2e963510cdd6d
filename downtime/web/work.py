"""The kinds of long work: each takes a job's arguments and gives a file and a sentence."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

from downtime.config import Settings
from downtime.paper import pack
from downtime.paper.pack import PackResult
from downtime.reconcile import run
from downtime.returns import export, statement, statement_file
from downtime.snapshot import load
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


def _printed(made: PackResult, out: BytesIO) -> Outcome:
    sentence = f"{made.pages} pages, {made.forms} forms for patients, {made.blank_forms} blank."
    return Result(out.getvalue(), PDF, made.file_name), sentence


def _wards(vault: Vault, settings: Settings, job: Job, progress: Progress) -> Outcome:
    out, forms = BytesIO(), job.arguments["forms"]
    with closing(load.current(vault)) as snapshot:
        wards = job.arguments["wards"] or [ward.code for ward in snapshot.wards()]
        made = pack.ward_pack(
            vault, snapshot, settings, wards, job.who, WHY, out, forms=forms, progress=progress
        )
    return _printed(made, out)


def _patient(vault: Vault, settings: Settings, job: Job, progress: Progress) -> Outcome:
    out, patient = BytesIO(), job.arguments["patient"]
    with closing(load.current(vault)) as snapshot:
        forms = settings.paper.pack_forms
        made = pack.patient_pack(vault, snapshot, settings, patient, forms, job.who, WHY, out)
    return _printed(made, out)


def _blank(vault: Vault, settings: Settings, job: Job, progress: Progress) -> Outcome:
    out, asked = BytesIO(), job.arguments
    made = pack.blank_forms(
        vault,
        settings,
        asked["forms"],
        asked["copies"],
        job.who,
        WHY,
        out,
        ward=asked["ward"],
        numbered=asked["numbered"],
    )
    return _printed(made, out)


def _reconcile(vault: Vault, settings: Settings, job: Job, progress: Progress) -> Outcome:
    done = run.run(vault, settings, job.who, WHY)
    return None, f"{done.forms} forms, {done.items} items compared, {done.open} to be decided."


def _returns(vault: Vault, settings: Settings, job: Job, progress: Progress) -> Outcome:
    outage = run.latest(vault)
    folder = vault.home.path / "returns" / outage.id
    make_private(folder.parent)
    make_private(folder)
    done = export.export(vault, settings, job.arguments["format"], folder, job.who)
    packed = BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            archive.write(path, path.relative_to(folder))
    name = f"returns {outage.label}.zip"
    return Result(packed.getvalue(), "application/zip", name), done.sentence


def _statement(vault: Vault, settings: Settings, job: Job, progress: Progress) -> Outcome:
    made = statement.make(vault, settings, job.who, WHY)
    content = statement_file.to_pdf(made, settings)
    drill = "DRILL " if made.facts["outage"]["drill"] else ""
    return Result(content, PDF, f"{drill}statement {made.outage}.pdf"), made.verdict


WORK: dict[str, Work] = {
    "pack-wards": Work(_wards, "Ward pack", "printing.choose", "Print something else"),
    "pack-patient": Work(_patient, "Patient's pages", "printing.choose", "Print something else"),
    "pack-blank": Work(_blank, "Blank forms", "printing.choose", "Print something else"),
    "reconcile": Work(_reconcile, "Comparison", "comparison.show", "See the items"),
    "returns": Work(_returns, "Returns", "returning.show", "All that has gone out", opens=False),
    "statement": Work(_statement, "Statement", "statement.show", "Back to the statement"),
}
