"""Copy what another library drew (WeasyPrint, a site's own form) into a document being written."""

from io import BytesIO
from typing import Any, Protocol

import pikepdf

CopiedNumbers = dict[tuple[int, int], int]
"""Numbers here of one foreign document's objects, so that its pages share fonts and pictures."""


class ObjectSink(Protocol):
    """Where copied objects go."""

    def reserve(self) -> int:
        """A number for an object that is still to be put."""
        ...

    def object(self, content: str, number: int) -> int:
        """Put an object that is not a stream."""
        ...

    def stream(self, entries: str, body: bytes, number: int) -> int:
        """Put a stream with the entries of its dictionary."""
        ...


def embed_pages(pdf: bytes, sink: ObjectSink) -> list[int]:
    """Each page of a PDF as a form XObject with all that it needs; their object numbers.

    Its pages share their fonts and pictures here too.
    """
    copied: CopiedNumbers = {}
    with pikepdf.open(BytesIO(pdf)) as document:
        return [copy_object(page.as_form_xobject(), copied, sink) for page in document.pages]


def embed_sized_pages(pdf: bytes, sink: ObjectSink) -> tuple[list[int], list[tuple[float, float]]]:
    """The same, and the size of each page in points; its corner has to be at 0, 0."""
    with pikepdf.open(BytesIO(pdf)) as document:
        boxes = [[float(side) for side in page.mediabox] for page in document.pages]
    return embed_pages(pdf, sink), [(box[2], box[3]) for box in boxes]


def copy_object(value: Any, copied: CopiedNumbers, sink: ObjectSink) -> int:
    """Copy an indirect object and all that it refers to; its number here."""
    key = value.objgen
    if key != (0, 0) and key in copied:
        return copied[key]
    number = sink.reserve()
    if key != (0, 0):
        copied[key] = number
    if isinstance(value, pikepdf.Stream):
        raw = value.read_raw_bytes()
        entries = _dictionary_entries(
            {k: v for k, v in value.items() if k != "/Length"}, copied, sink
        )
        sink.stream(entries, raw, number)
    else:
        sink.object(_direct_value(value, copied, sink), number)
    return number


def _reference_or_value(value: Any, copied: CopiedNumbers, sink: ObjectSink) -> str:
    if isinstance(value, pikepdf.Object) and (
        value.is_indirect or isinstance(value, pikepdf.Stream)
    ):
        return f"{copy_object(value, copied, sink)} 0 R"
    return _direct_value(value, copied, sink)


def _direct_value(value: Any, copied: CopiedNumbers, sink: ObjectSink) -> str:
    if isinstance(value, pikepdf.Dictionary):
        return f"<< {_dictionary_entries(dict(value.items()), copied, sink)} >>"
    if isinstance(value, pikepdf.Array):
        return f"[{' '.join(_reference_or_value(part, copied, sink) for part in value)}]"
    if isinstance(value, pikepdf.Object):
        return value.unparse().decode("latin-1")
    return str(value).lower() if isinstance(value, bool) else str(value)


def _dictionary_entries(table: dict[str, Any], copied: CopiedNumbers, sink: ObjectSink) -> str:
    return " ".join(
        f"{key} {_reference_or_value(value, copied, sink)}" for key, value in table.items()
    )
