"""Open a hospital's own approved PDF, in a child with limits: its clean copy, or a page's picture."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from downtime.config import Home, data_folder
from downtime.errors import InputError, NotFoundError
from downtime.paper.forms.model import FormDefinition
from downtime.paper.forms.rectangle import MM, FoundBox, Rectangle
from downtime.paper_settings import PaperSettings
from downtime.processes import sandbox


@dataclass(frozen=True, slots=True)
class BackgroundPdf:
    """The clean copy of a PDF: its pages' size in points, and its form's fields as they are seen."""

    pdf: bytes
    size: tuple[float, float]
    pages: int
    fields: tuple[Mapping[str, Any], ...]

    def place_of(self, field: Mapping[str, Any]) -> Rectangle:
        """Where a field of the PDF's own form stands on its page."""
        x, width, height = field["x"] / MM, field["width"] / MM, field["height"] / MM
        return Rectangle(x, self.size[1] / MM - field["y"] / MM - height, width, height)


@dataclass(frozen=True, slots=True)
class BackgroundSurvey:
    """What was found on a PDF: the boxes of its pages, and where there is room."""

    boxes: tuple[FoundBox, ...]
    places: Mapping[str, Rectangle | None]
    """Of the identity block, and of codes and so on that would lie on print where they usually stand; None
    where no place is free."""


NOT_SURVEYED = BackgroundSurvey((), {})


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
    answer = _run(_CLEAN, path, ("0",), settings)
    wide, high = answer["pages"][0]
    pdf = base64.b64decode(answer["pdf"])
    return BackgroundPdf(pdf, (wide, high), len(answer["pages"]), tuple(answer["fields"]))


def draw_page(path: Path, page: int, settings: PaperSettings) -> bytes:
    """A page as PNG, to draw places on; InputError."""
    return base64.b64decode(_run(_CLEAN, path, (str(page),), settings)["png"])


def survey_background(path: Path, settings: PaperSettings) -> BackgroundSurvey:
    """Where people write on a PDF, and where there is room; InputError."""
    answer = _run(_SURVEY, path, (), settings)
    boxes = tuple(
        FoundBox(page, Rectangle(*place), is_tick, label)
        for page, place, is_tick, label in answer["boxes"]
    )
    places = {key: Rectangle(*place) if place else None for key, place in answer["places"].items()}
    return BackgroundSurvey(boxes, places)


_CLEAN = "downtime.paper.forms.background_child"
_SURVEY = "downtime.paper.forms.survey_child"


def _run(module: str, path: Path, more: Sequence[str], settings: PaperSettings) -> Any:
    limits = settings.background_memory_bytes, settings.background_seconds
    if path.stat().st_size > settings.background_max_bytes:
        raise _cannot_use(path, "it is too large (paper.background_max_bytes)")
    try:
        answer = orjson.loads(b"".join(sandbox.read_lines(module, [str(path), *more], *limits)))
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
