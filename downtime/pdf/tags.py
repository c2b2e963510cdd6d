"""The structure of a page for screen readers: its elements in reading order, as PDF objects."""

from collections.abc import Sequence
from operator import attrgetter
from typing import NamedTuple


class Tag(NamedTuple):
    """One element of a page's structure, of a standard type (ISO 32000-1, 14.8.4)."""

    role: str
    """`P`, `H1`, `H2`, `Figure`, `Table`, `TR`, `TH` or `TD`."""
    alternative_text: str = ""
    """ActualText: what is read in place of what is drawn; for a figure Alt: what it shows."""
    depth: int = 0
    """0 below the section; a row is one deeper than its table."""
    has_content: bool = True
    """Whether it has content of its own: the page's next marked content."""
    box: tuple[float, float, float, float] | None = None
    """Left, bottom, right, top of a figure; only a figure has one."""


def marked_content_start(tag: Tag, number: int) -> str:
    """The operator before the content of the page's marked content `number`, from 0; `EMC` ends it."""
    return f"/{tag.role}<</MCID {number}>>BDC\n"


ARTIFACT_START = "/Artifact BMC\n"
"""Before what is not read: backgrounds, rules, what is repeated on every page."""
MARKED_CONTENT_END = "EMC\n"


_HAS_CONTENT = attrgetter("has_content")


class StructureElements(NamedTuple):
    """The objects of a page's elements, the first with the number asked for, the rest after it."""

    objects: list[str]
    top: str
    """References to those right below the section."""
    marked: str
    """References to the element of each marked content of the page."""


def structure_elements(
    tags: Sequence[Tag], first: int, page: int, section: int
) -> StructureElements:
    """Structure elements of the tags of one page, numbered from `first`."""
    if all(map(_HAS_CONTENT, tags)):
        numbers = references(range(first, first + len(tags)))
        above = f"/P {section} 0 R/Pg {page} 0 R/K "
        objects = [
            f"<</S/{tag.role}{above}{content}{_attribute_entries(tag)}>>"
            for content, tag in enumerate(tags)
        ]
        return StructureElements(objects, numbers, numbers)
    return _nested_elements(tags, first, page, section)


def _nested_elements(tags: Sequence[Tag], first: int, page: int, section: int) -> StructureElements:
    path, kids, marked = [section], {section: list[int]()}, list[int]()
    parents = []
    for number, tag in enumerate(tags, first):
        del path[tag.depth + 1 :]
        kids[path[-1]].append(number)
        parents.append((path[-1], tag, len(marked)))
        path.append(number)
        kids[number] = []
        if tag.has_content:
            marked.append(number)
    objects = [
        f"<</S/{tag.role}/P {parent} 0 R/Pg {page} 0 R"
        f"/K {content if tag.has_content else f'[{references(kids[number])}]'}{_attribute_entries(tag)}>>"
        for number, (parent, tag, content) in enumerate(parents, first)
    ]
    return StructureElements(objects, references(kids[section]), references(marked))


def references(numbers: Sequence[int]) -> str:
    """Object numbers as PDF writes references to them."""
    return " 0 R ".join(map(str, numbers)) + " 0 R" if numbers else ""


def _attribute_entries(tag: Tag) -> str:
    if tag.box:
        x1, y1, x2, y2 = tag.box
        box = f"/A<</O/Layout/BBox[{x1:.1f} {y1:.1f} {x2:.1f} {y2:.1f}]>>"
        return f"/Alt {pdf_text(tag.alternative_text)}{box}"
    replacement = f"/ActualText {pdf_text(tag.alternative_text)}" if tag.alternative_text else ""
    return f"{replacement}/A<</O/Table/Scope/Column>>" if tag.role == "TH" else replacement


_ESCAPES = str.maketrans({"\\": r"\\", "(": r"\(", ")": r"\)", "\n": " ", "\r": " "})


def pdf_text(text: str) -> str:
    """A text string of PDF: ASCII as it is, anything else in UTF-16."""
    if text.isascii():
        plain = "(" not in text and ")" not in text and "\\" not in text and "\n" not in text
        return f"({text})" if plain else f"({text.translate(_ESCAPES)})"
    return f"<FEFF{text.encode('utf-16-be').hex().upper()}>"
