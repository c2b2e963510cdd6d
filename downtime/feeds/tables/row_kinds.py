"""Lines of a list that are none of its rows, and rows of a list that share a number.

Titles again, totals, beds without anybody: every list of a ward has them. Taken for rows they would
be patients named 'Surname' or 'Total', or the list would look damaged.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping

from downtime.feeds.model import Change, Finding, FindingKind
from downtime.feeds.tables.mapping import TableMapping, normalise_title

_FOOTER = re.compile(
    r"(?:grand |sub-?)?totals?\b.*|(?:number|count|sum) of\b.*|page \d+.*|printed\b.*"
    r"|report (?:run|printed)\b.*|end of (?:list|report|file)\b.*|\d+ (?:patients|rows|records)",
    re.IGNORECASE,
)
_MOST_FOOTER_CELLS = 3
_VACANT = frozenset(
    {
        "",
        "-",
        "empty",
        "vacant",
        "available",
        "free",
        "closed",
        "blocked",
        "cleaning",
        "none",
        "nil",
    }
)
_PERSON = frozenset({"mrn", "nhs_number"})


def is_no_row(cells: Mapping[str, str], mapping: TableMapping) -> bool:
    """Whether a line, by the targets of its columns, says nothing of a record."""
    return _repeats_titles(cells, mapping) or _is_footer(cells) or _is_vacant(cells, mapping)


def _repeats_titles(cells: Mapping[str, str], mapping: TableMapping) -> bool:
    """Whether the titles stand there again, as on each page of a printed list."""
    titles = {target: title for title, target in mapping.columns.items()}
    return all(normalise_title(cell) == titles[target] for target, cell in cells.items())


def _is_footer(cells: Mapping[str, str]) -> bool:
    filled = [cell for cell in cells.values() if cell]
    return 0 < len(filled) <= _MOST_FOOTER_CELLS and _FOOTER.fullmatch(filled[0]) is not None


def _is_vacant(cells: Mapping[str, str], mapping: TableMapping) -> bool:
    """Whether a list of patients names a bed, and nobody in it."""
    about_person = [
        cell for target, cell in cells.items() if target.startswith("patient.") or target in _PERSON
    ]
    return (
        mapping.record == "Encounter"
        and bool(about_person)
        and all(cell.casefold() in _VACANT for cell in about_person)
        and not cells.get("visit_number")
    )


def separate_rows_of_one_number(
    changes: Iterable[Change], mapping: TableMapping
) -> tuple[list[Change], list[Finding]]:
    """Rows of one list that say different things under one number are different records."""
    contents_by_number: dict[tuple[object, ...], Counter[str]] = {}
    separated: list[Change] = []
    findings: list[Finding] = []
    for change in changes:
        if change.type == mapping.record and change.type != "Patient":
            contents = contents_by_number.setdefault((change.key, change.patient), Counter())
            content = repr(sorted(change.fields.items()))
            if contents and content not in contents:
                text = "one number stands in several rows of the list; each is kept"
                findings.append(Finding(FindingKind.NUMBER_REUSED, mapping.source, text))
                change = change._replace(key=f"{change.key}#{len(contents) + 1}")
            contents[content] += 1
        separated.append(change)
    return separated, findings
