"""Open a hospital's own approved PDF, in a child with limits: its clean copy, or a page's picture."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from downtime.config import Home, data_folder
from downtime.errors import InputError, NotFoundError
from downtime.paper.forms.model import FormDefinition
from downtime.paper_settings import PaperSettings
from downtime.processes import sandbox


@dataclass(frozen=True, slots=True)
class BackgroundPdf:
    """The clean copy of a PDF: its pages' size in points, and its form's fields as they are seen."""

    pdf: bytes
    size: tuple[float, float]
    pages: int
    fields: tuple[Mapping[str, Any], ...]


def find_background(form: FormDefinition, home: Home | None) -> Path:
    """The background beside the form's file; NotFoundError."""
    folders = [home.forms_folder, data_folder("forms")] if home else [data_folder("forms")]
    for folder in folders:
        if (folder / form.background).is_file():
            return folder / form.background
    raise NotFoundError(
        "background.missing",
        f"The background of '{form.title}' is not there.",
        f"Put {form.background} beside the form's file.",
    )


def open_background(path: Path, settings: PaperSettings) -> BackgroundPdf:
    """The clean copy of a PDF; InputError says why it cannot be a form."""
    answer = _run_child(path, 0, settings)
    wide, high = answer["pages"][0]
    pdf = base64.b64decode(answer["pdf"])
    return BackgroundPdf(pdf, (wide, high), len(answer["pages"]), tuple(answer["fields"]))


def draw_page(path: Path, page: int, settings: PaperSettings) -> bytes:
    """A page as PNG, to draw places on; InputError."""
    return base64.b64decode(_run_child(path, page, settings)["png"])


def _run_child(path: Path, page: int, settings: PaperSettings) -> Any:
    limits = settings.background_memory_bytes, settings.background_seconds
    if path.stat().st_size > settings.background_max_bytes:
        raise _cannot_use(path, "it is too large (paper.background_max_bytes)")
    module = "downtime.paper.forms.background_child"
    try:
        answer = orjson.loads(b"".join(sandbox.read_lines(module, [str(path), str(page)], *limits)))
    except sandbox.SandboxError as error:
        reason = (
            "it takes too long to open"
            if error.timed_out
            else "it is damaged, or asks for too much"
        )
        raise _cannot_use(path, reason) from None
    if "error" in answer:
        raise _cannot_use(path, answer["error"])
    return answer


def _cannot_use(path: Path, reason: str) -> InputError:
    return InputError(
        "background.unfit",
        f"{path.name} cannot be the background of a form: {reason}.",
        "Print it into a plain PDF with the program that shows it, look at that, and try again.",
    )
