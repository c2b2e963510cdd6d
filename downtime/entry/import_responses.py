"""Import QuestionnaireResponses: one, a list, a Bundle, or an NDJSON file of them.

Every problem of one response is reported and the rest goes on. What is implausible is kept, and waits
for somebody to confirm it; what is impossible is refused. A response whose answers are
already there changes nothing, so a file may be imported again after its mistakes are corrected.
Whoever imports counts as who keyed: another person keys the critical fields, or compares it.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from downtime.entry.empty_forms import is_empty
from downtime.entry.keying import submit_entry
from downtime.entry.model import Entry, EntryOrigin, EntryState, Task
from downtime.entry.open_form import open_form
from downtime.entry.read_response import read_response, read_serial, repeating_fields
from downtime.entry.store import entries
from downtime.entry.validation import InvalidAnswersError, read_latest, validate_answers
from downtime.errors import ConflictError, InputError, UserError
from downtime.paper import ledger, serials
from downtime.settings import Settings
from downtime.vault.model import Actor
from downtime.vault.vault import Vault


class ImportOutcome(StrEnum):
    """What became of a response that could be used."""

    IMPORTED = "imported"
    TO_CONFIRM = "to-confirm"
    """Imported, and it waits until somebody confirms what is implausible about it."""
    UNCHANGED = "unchanged"


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
    to_confirm: int
    """Those of the imported that wait for somebody to confirm an implausible value."""
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
            "to_confirm": self.to_confirm,
            "unchanged": self.unchanged,
            "problems": problems,
        }


def import_file(
    vault: Vault, settings: Settings, path: Path, actor: Actor, *, says_empty: bool = False
) -> ImportReport:
    """Import every response in a JSON or NDJSON file; InputError when it is neither.

    `says_empty`: on the papers of those without an answer nobody wrote one; else they are refused.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise InputError(
            "entry.file", f"{path.name} cannot be read as text.", "Name a JSON or NDJSON file."
        ) from None
    resources = _parse_resources(text, path.name)
    return import_responses(vault, settings, resources, actor, says_empty=says_empty)


def import_responses(
    vault: Vault,
    settings: Settings,
    resources: Iterable[Mapping[str, Any]],
    actor: Actor,
    *,
    says_empty: bool = False,
) -> ImportReport:
    """Import responses one by one, each in a transaction of its own."""
    outcomes: list[ImportOutcome] = []
    problems: list[ImportProblem] = []
    for index, resource in enumerate(resources, start=1):
        try:
            imported = import_response(vault, settings, resource, actor, says_empty=says_empty)
            outcomes.append(imported[1])
        except InvalidAnswersError as error:
            sentences = tuple(problem.sentence for problem in error.problems)
            problems.append(ImportProblem(index, _shown_serial(resource), sentences))
        except UserError as error:
            problems.append(ImportProblem(index, _shown_serial(resource), (error.sentence,)))
    return ImportReport(
        len(outcomes) + len(problems),
        len(outcomes) - outcomes.count(ImportOutcome.UNCHANGED),
        outcomes.count(ImportOutcome.TO_CONFIRM),
        outcomes.count(ImportOutcome.UNCHANGED),
        tuple(problems),
    )


def import_response(
    vault: Vault,
    settings: Settings,
    resource: Mapping[str, Any],
    actor: Actor,
    *,
    says_empty: bool = False,
) -> tuple[Entry, ImportOutcome]:
    """Enter one response as `actor`; a repetition changes nothing.

    Errors: InputError for an unusable resource, InvalidAnswersError for its answers, NotFoundError
    for an unknown serial, ConflictError when the form was already entered with other answers.
    """
    zone = ZoneInfo(settings.site.time_zone)
    serial = serials.parse_serial(read_serial(resource))
    definition = ledger.get_printed_definition(vault, ledger.get_form(vault, serial))
    response = read_response(resource, repeating_fields(definition), zone)
    if response.form and response.form != definition.name:
        raise InputError(
            "entry.form",
            f"The response names form '{response.form[:40]}',"
            f" but this serial is a '{definition.name}'.",
            "Correct the serial or the form and import again.",
        )
    present = entries.fetch_entry(vault.db, serial)
    if present is None or present.state == EntryState.DRAFT:
        origin = EntryOrigin.IMPORTED
        answers, form = response.answers, open_form(vault, serial, settings)
        entry = submit_entry(
            vault, settings, serial, answers, actor, origin=origin,
            says_empty=says_empty and is_empty(vault, form, answers),
        )  # fmt: skip
        is_confirmed = entry.waits != Task.CONFIRM
        return entry, ImportOutcome.IMPORTED if is_confirmed else ImportOutcome.TO_CONFIRM
    validated = validate_answers(definition, response.answers, zone, read_latest(vault, settings))
    if validated.answers == present.answers:
        return present, ImportOutcome.UNCHANGED
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
        for element in document:
            yield from _unpack(element)
    elif isinstance(document, dict) and document.get("resourceType") == "Bundle":
        for element in document.get("entry") or []:
            yield from _unpack(element.get("resource") if isinstance(element, dict) else None)
    else:
        yield document if isinstance(document, dict) else {}


def _parse_json(text: str) -> Any:
    return json.loads(text, parse_float=Decimal)


def _shown_serial(resource: Mapping[str, Any]) -> str:
    try:
        return serials.format_serial(serials.parse_serial(read_serial(resource)))
    except UserError:
        return ""
