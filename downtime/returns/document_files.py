"""A document as two files side by side: PDF for people, JSON for programs."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import orjson

from downtime.errors import InputError
from downtime.vault.files import write_atomic


def save_documents(
    out: Path, document: Mapping[str, Any], to_pdf: Callable[[], bytes], code: str
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
    write_atomic(text, to_json(document))
    return pdf, text


def to_json(document: Mapping[str, Any]) -> bytes:
    """One JSON document."""
    return orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n"
