"""What a laid-out page is: its drawing, and the rectangle of every field on it."""

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class FieldRectangle:
    """Where one field is: points from the page's lower left corner.

    `key` is an answer's key, `KEY=CODE` for the box of one option, or a reserved `page.…`.
    `kind` is `text`, `tick`, `code` or `body`; `size` is the type size to start from.
    """

    key: str
    x: float
    y: float
    width: float
    height: float
    kind: str
    size: float
    bold: bool
    align: str
    leading: float
    """Distance of the ruled lines to write on; 0 where there are none."""


@dataclass(frozen=True, slots=True)
class FormLayout:
    """The pages of one version of one form, as WeasyPrint drew them."""

    form: str
    version: str
    title: str
    digest: str
    """Names definition, templates, fonts' styles and WeasyPrint's version together."""
    pdf: bytes
    size: tuple[float, float]
    pages: tuple[tuple[FieldRectangle, ...], ...]

    def geometry(self) -> str:
        """The rectangles as JSON, as they are kept beside the ledger."""
        pages = [[asdict(place) for place in page] for page in self.pages]
        return json.dumps({"size": self.size, "pages": pages})


def read_geometry(text: str) -> tuple[tuple[float, float], tuple[tuple[FieldRectangle, ...], ...]]:
    """Page size and rectangles of kept JSON."""
    kept = json.loads(text)
    pages = tuple(tuple(FieldRectangle(**place) for place in page) for page in kept["pages"])
    return (kept["size"][0], kept["size"][1]), pages
