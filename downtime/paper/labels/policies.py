"""What a sheet of labels must be, so that what is printed on it can be read, and what no label is for."""

import re
import unicodedata
from datetime import date, timedelta
from typing import Any

from downtime.clinical.model import Patient
from downtime.errors import InputError
from downtime.paper.labels.model import LABEL_SHEETS, NARROWEST, LabelKind, LabelSheet

MOST_COPIES = 500
_NARROWEST_DRILL = 30.0
_MOST_OF_A_TUBE, MOST_BABIES = 10, 6
_NEWBORN = timedelta(days=90)
_TRANSFUSION = re.compile(
    r"transfus|crossm|\bx ?m(?:atch)?\b|\b(?:group|grp|gp|type) ?(?:and|n)? ?(?:save|screen|hold|cross)"
    r"|\bx?g ?(?:and|n)? ?s\b|\bt ?and ?[sc]\b|blood ?(?:bank|group)|\babo\b|\brhesus\b|antibody ?screen|\bab screen"
    r"|\bdat\b|coombs|red cells",
)
"""In folded words (`_fold`); no list of words is complete, so each label says that it is for no such tube."""


def check_sheet_fits(sheet: LabelSheet, kind: LabelKind, is_drill: bool) -> None:
    """InputError when the labels of a sheet are too small for what this kind says."""
    narrowest = max(NARROWEST[kind], _NARROWEST_DRILL if is_drill else 0.0)
    if sheet.width < narrowest:
        names = ", ".join(s.name for s in LABEL_SHEETS.values() if s.width >= narrowest)
        raise InputError(
            "labels.small", f"The labels of {sheet.name} are too small.", f"Use one of: {names}."
        )


def check_labels_on_sheet(sheet: LabelSheet, start: int, copies: int) -> None:
    """InputError when the first label is not on the sheet, or there are too many of each."""
    if not 1 <= start <= sheet.label_count:
        raise InputError(
            "labels.start",
            f"A sheet of {sheet.name} has {sheet.label_count} labels.",
            "Give the number of the first free one, counted along the rows.",
        )
    if not 0 <= copies <= MOST_COPIES:
        raise InputError(
            "labels.copies", f"At most {MOST_COPIES} labels of each.", "Print them in parts."
        )


def check_is_no_transfusion(text: str) -> None:
    """InputError for words of a transfusion sample: its tube is written by hand at the bedside."""
    if _TRANSFUSION.search(_fold(text)):
        raise InputError(
            "labels.transfusion",
            f"'{text.strip()}' is a transfusion sample: no label is printed for its tube.",
            "Take it out of paper.specimen_tubes; the tube is written by hand at the bedside.",
        )


def _fold(text: str) -> str:
    """Small letters and digits apart, every sign a blank but what means `and`."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    folded = re.sub(r"[&+]", " and ", plain)
    folded = re.sub(r"(?<=\d)(?=[^\W\d])|(?<=[^\W\d])(?=\d)", " ", folded)
    return " ".join(re.sub(r"[\W_]", " ", folded).split()).replace("cross match", "crossmatch")


def check_tube_labels(count: Any) -> int:
    """How many labels go with a tube; InputError for what is no small whole number."""
    if type(count) is not int or not 1 <= count <= _MOST_OF_A_TUBE:
        raise InputError(
            "labels.tube",
            f"A tube has 1 to {_MOST_OF_A_TUBE} labels.",
            "Correct 'labels' in paper.specimen_tubes.",
        )
    return count


def check_birth_order(order: int, babies: int) -> None:
    """InputError unless it is one of so many babies."""
    if not 1 <= order <= babies <= MOST_BABIES:
        raise InputError(
            "labels.babies",
            f"A birth has 1 to {MOST_BABIES} babies, and this is one of them.",
            "Say which one it is and of how many, such as 2 of 2.",
        )


def check_is_newborn(baby: Patient, mother: Patient, today: date) -> None:
    """InputError unless the baby has a record and a day of birth of its own, apart from its mother's."""
    try:
        born = date.fromisoformat(baby.birth_date)
    except ValueError:
        born = date.min
    if baby.id == mother.id or not today - _NEWBORN <= born <= today + timedelta(days=1):
        raise InputError(
            "labels.newborn",
            "The baby needs a number and a day of birth of its own, of the last 90 days.",
            "Register the baby, then print its bands; never under its mother's number.",
        )
