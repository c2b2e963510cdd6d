"""Import QuestionnaireResponses: one, a list, a Bundle, or an NDJSON file of them.

Every problem of one response is reported and the rest goes on. A response whose answers are
already there changes nothing, so a file may be imported again after its mistakes are corrected.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from downtime.entry import keying, response, store
from downtime.entry.model import DRAFT, Entry
from downtime.entry.validation import InvalidAnswersError, check
from downtime.errors import ConflictError, InputError, UserError
from downtime.paper import ledger, serials
from downtime.paper.printed import printed
from downtime.settings import Settings
from downtime.vault.audit import Actor
from downtime.vault.vault import Vault

IMPORTED, UNCHANGED = "imported", "unchanged"


@dataclass(frozen=True, slots=True)
class ImportProblem:
    """Why one response (from 1, in the order of the file) was not imported; no patient data."""

    index: int
    serial: str
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of a file's responses."""

    responses: int
    imported: int
    unchanged: int
    problems: tuple[ImportProblem, ...]

    def as_json(self) -> dict[str, Any]:
        """A plain dictionary for `--json`."""
        problems = [
            {"index": p.index, "serial": p.serial, "problems": list(p.sentences)}
            for p in self.problems
        ]
        return {
            "responses": self.responses,
            "imported": self.imported,
            "unchanged": self.unchanged,
            "problems": problems,
        }


def import_file(vault: Vault, settings: Settings, path: Path, who: Actor) -> ImportReport:
    """Import every response in a JSON or NDJSON file; InputError when it is neither."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise InputError(
            "entry.file", f"{path.name} cannot be read as text.", "Name a JSON or NDJSON file."
        ) from None
    return import_all(vault, settings, _resources(text, path.name), who)


def import_all(
    vault: Vault, settings: Settings, resources: Iterable[Mapping[str, Any]], who: Actor
) -> ImportReport:
    """Import responses one by one, each in a transaction of its own."""
    outcomes: list[str] = []
    problems: list[ImportProblem] = []
    for index, resource in enumerate(resources, start=1):
        try:
            outcomes.append(import_response(vault, settings, resource, who)[1])
        except InvalidAnswersError as error:
            sentences = tuple(problem.sentence for problem in error.problems)
            problems.append(ImportProblem(index, _serial(resource), sentences))
        except UserError as error:
            problems.append(ImportProblem(index, _serial(resource), (error.sentence,)))
    return ImportReport(
        len(outcomes) + len(problems),
        outcomes.count(IMPORTED),
        outcomes.count(UNCHANGED),
        tuple(problems),
    )


def import_response(
    vault: Vault, settings: Settings, resource: Mapping[str, Any], who: Actor
) -> tuple[Entry, str]:
    """Enter one response as `who`; the outcome is `imported` or, on a repetition, `unchanged`.

    Errors: InputError for an unusable resource, InvalidAnswersError for its answers, NotFoundError
    for an unknown serial, ConflictError when the form was already entered with other answers.
    """
    zone = ZoneInfo(settings.site.time_zone)
    serial = serials.parse(response.serial_of(resource))
    issued = ledger.issued(vault, serial)
    form = printed(vault, issued)
    said = response.read(resource, response.repeating(form), zone)
    if said.form and said.form != form.name:
        raise InputError(
            "entry.form",
            f"The response names form '{said.form[:40]}', but this serial is a '{form.name}'.",
            "Correct the serial or the form and import again.",
        )
    present = store.fetch(vault.db, serial)
    if present is None or present.state == DRAFT:
        entry = keying.submit(vault, settings, serial, said.answers, who, origin=IMPORTED)
        return entry, IMPORTED
    if check(form, said.answers, zone, vault.clock()).answers == present.answers:
        return present, UNCHANGED
    raise ConflictError(
        "entry.exists",
        f"Form {serials.shown(serial)} is already entered, with other answers.",
        "Compare both with the paper, and send the entry back for correction if it is wrong.",
    )


def _resources(text: str, name: str) -> Iterator[Mapping[str, Any]]:
    if not text.strip():
        raise InputError("entry.empty", f"{name} is empty.", "Name a file with responses.")
    try:
        documents = [_json(text)]
    except (ValueError, RecursionError):
        try:
            documents = [_json(line) for line in text.splitlines() if line.strip()]
        except (ValueError, RecursionError):
            raise InputError(
                "entry.file", f"{name} is neither JSON nor NDJSON.", "Correct it and import again."
            ) from None
    for document in documents:
        yield from _unpacked(document)


def _unpacked(document: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(document, list):
        for one in document:
            yield from _unpacked(one)
    elif isinstance(document, dict) and document.get("resourceType") == "Bundle":
        for one in document.get("entry") or []:
            yield from _unpacked(one.get("resource") if isinstance(one, dict) else None)
    else:
        yield document if isinstance(document, dict) else {}


def _json(text: str) -> Any:
    return json.loads(text, parse_float=Decimal)


def _serial(resource: Mapping[str, Any]) -> str:
    try:
        return serials.shown(serials.parse(response.serial_of(resource)))
    except UserError:
        return ""
