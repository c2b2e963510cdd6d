"""What a sheet of labels must be, so that what is printed on it can be read."""

from downtime.errors import InputError
from downtime.paper.labels.model import LABEL_SHEETS, NARROWEST, LabelKind, LabelSheet

MOST_COPIES = 500
_NARROWEST_DRILL = 30.0


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
