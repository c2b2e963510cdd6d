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

from downtime.entry import keying, response_reader
from downtime.entry.model import Entry, EntryState
from downtime.entry.store import entries
from downtime.entry.validation import InvalidAnswersError, validate_answers
from downtime.errors import ConflictError, InputError, UserError
from downtime.paper import ledger, serials
from downtime.paper.ledger import get_printed_definition
from downtime.settings import Settings
from downtime.vault.model import Actor
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


def import_file(vault: Vault, settings: Settings, path: Path, actor: Actor) -> ImportReport:
    """Import every response in a JSON or NDJSON file; InputError when it is neither."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise InputError(
            "entry.file", f"{path.name} cannot be read as text.", "Name a JSON or NDJSON file."
        ) from None
    return import_responses(vault, settings, _parse_resources(text, path.name), actor)


def import_responses(
    vault: Vault, settings: Settings, resources: Iterable[Mapping[str, Any]], actor: Actor
) -> ImportReport:
    """Import responses one by one, each in a transaction of its own."""
    outcomes: list[str] = []
    problems: list[ImportProblem] = []
    for index, resource in enumerate(resources, start=1):
        try:
            outcomes.append(import_response(vault, settings, resource, actor)[1])
        except InvalidAnswersError as error:
            sentences = tuple(problem.sentence for problem in error.problems)
            problems.append(ImportProblem(index, _shown_serial(resource), sentences))
        except UserError as error:
            problems.append(ImportProblem(index, _shown_serial(resource), (error.sentence,)))
    return ImportReport(
        len(outcomes) + len(problems),
        outcomes.count(IMPORTED),
        outcomes.count(UNCHANGED),
        tuple(problems),
    )


def import_response(
    vault: Vault, settings: Settings, resource: Mapping[str, Any], actor: Actor
) -> tuple[Entry, str]:
    """Enter one response as `who`; the outcome is `imported` or, on a repetition, `unchanged`.

    Errors: InputError for an unusable resource, InvalidAnswersError for its answers, NotFoundError
    for an unknown serial, ConflictError when the form was already entered with other answers.
    """
    zone = ZoneInfo(settings.site.time_zone)
    serial = serials.parse_serial(response_reader.serial_of(resource))
    issued = ledger.get_form(vault, serial)
    form = get_printed_definition(vault, issued)
    said = response_reader.read_response(resource, response_reader.repeating(form), zone)
    if said.form and said.form != form.name:
        raise InputError(
            "entry.form",
            f"The response names form '{said.form[:40]}', but this serial is a '{form.name}'.",
            "Correct the serial or the form and import again.",
        )
    present = entries.fetch(vault.db, serial)
    if present is None or present.state == EntryState.DRAFT:
        entry = keying.submit_entry(vault, settings, serial, said.answers, actor, origin=IMPORTED)
        return entry, IMPORTED
    if validate_answers(form, said.answers, zone, vault.clock()).answers == present.answers:
        return present, UNCHANGED
    raise ConflictError(
        "entry.exists",
        f"Form {serials.format_serial(serial)} is already entered, with other answers.",
        "Compare both with the paper, and send the entry back for correction if it is wrong.",
    )


def _parse_resources(text: str, name: str) -> Iterator[Mapping[str, Any]]:
    if not text.strip():
        raise InputError("entry.empty", f"{name} is empty.", "Name a file with responses.")
    try:
        documents = [_parse_json(text)]
    except (ValueError, RecursionError):
        try:
            documents = [_parse_json(line) for line in text.splitlines() if line.strip()]
        except (ValueError, RecursionError):
            raise InputError(
                "entry.file", f"{name} is neither JSON nor NDJSON.", "Correct it and import again."
            ) from None
    for document in documents:
        yield from _unpack(document)


def _unpack(document: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(document, list):
        for one in document:
            yield from _unpack(one)
    elif isinstance(document, dict) and document.get("resourceType") == "Bundle":
        for one in document.get("entry") or []:
            yield from _unpack(one.get("resource") if isinstance(one, dict) else None)
    else:
        yield document if isinstance(document, dict) else {}


def _parse_json(text: str) -> Any:
    return json.loads(text, parse_float=Decimal)


def _shown_serial(resource: Mapping[str, Any]) -> str:
    try:
        return serials.format_serial(serials.parse_serial(response_reader.serial_of(resource)))
    except UserError:
        return ""
