"""The completeness statement as JSON for programs and as PDF for signatures and binders."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from downtime.clinical import display
from downtime.errors import InputError
from downtime.pdf import templates
from downtime.reconcile.harm.model import KINDS, OUTCOMES
from downtime.returns.model import LEAD_TITLES
from downtime.returns.statement.completeness_statement import Statement
from downtime.returns.statement.export_statement import export_statement
from downtime.returns.statement.form_accounting import COLUMNS
from downtime.returns.statement.model import WORDINGS, OpenKind
from downtime.returns.statement.thing_names import name_things
from downtime.settings import Settings
from downtime.vault.files import write_atomic
from downtime.vault.vault import Vault

NAMED = 40
"""Forms or messages printed of one open line; the JSON names all."""


def save_statement(
    vault: Vault, statement: Statement, settings: Settings, out: Path
) -> tuple[Path, Path]:
    """Write `out` (`.pdf` or `.json`) and its twin of the other kind beside it: (PDF, JSON)."""
    return save_documents(
        out,
        lambda: export_statement(vault, statement),
        lambda: to_pdf(statement, settings),
        "statement",
    )


def to_pdf(statement: Statement, settings: Settings) -> bytes:
    """The statement as A4 pages."""
    zone = ZoneInfo(settings.site.time_zone)
    valid = statement.valid_signatures
    return templates.render_pdf(
        "statement.html",
        facts=statement.facts,
        digest=statement.digest,
        made=statement.made_at,
        audit=statement.audit,
        fingerprint=statement.fingerprint,
        closings=[item for item in statement.closings if item.closed_at],
        wordings=WORDINGS,
        complete=statement.is_complete,
        verdict=statement.verdict,
        overdue=statement.overdue,
        unproved=statement.unproved,
        moment=lambda stored: display.format_moment(stored, zone),
        wards=list_wards(statement),
        columns=COLUMNS,
        share=format_error_rate,
        harm_kinds=KINDS,
        outcomes=OUTCOMES,
        named=NAMED,
        open_names=name_line,
        titles=statement.titles,
        signatures=[(title, valid.get(lead)) for lead, title in LEAD_TITLES.items()],
        outdated=statement.outdated_count,
    )


def name_line(line: Mapping[str, Any]) -> list[str]:
    """What people find the things of an open line by."""
    return name_things(OpenKind(line["kind"]), line["names"])


def list_wards(statement: Statement) -> list[str]:
    """Every ward with a patient of the statement."""
    return sorted({ward for counts in statement.facts["patients"].values() for ward in counts})


def format_error_rate(checked: Mapping[str, Any]) -> str:
    """`0.40 % (0.15–1.02 %)` of the statement's error rate; in words while nothing was checked."""
    if checked["percent"] is None:
        return "nothing checked"
    low, high = checked["low_percent"], checked["high_percent"]
    return f"{checked['percent']} % ({low}–{high} %)"


def save_documents(
    out: Path, to_json: Callable[[], bytes], to_pdf: Callable[[], bytes], code: str
) -> tuple[Path, Path]:
    """Write `out` (`.pdf` or `.json`) and its twin of the other kind beside it: (PDF, JSON).

    InputError, whose code begins with `code`, for any other kind.
    """
    if out.suffix.lower() not in (".pdf", ".json"):
        raise InputError(
            f"{code}.file", f"{out.name} is neither .pdf nor .json.", "Name one of the two."
        )
    pdf, text = out.with_suffix(".pdf"), out.with_suffix(".json")
    write_atomic(pdf, to_pdf())
    write_atomic(text, to_json())
    return pdf, text


def to_json(document: Mapping[str, Any]) -> bytes:
    """One JSON document."""
    return orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n"
