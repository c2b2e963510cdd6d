"""Kinds of labels, and sheets by their maker's number: where each label lies on the A4 page."""

from dataclasses import dataclass
from enum import StrEnum

from downtime.errors import NotFoundError

A4 = (210.0, 297.0)
"""Width and height of the page in millimetres."""


class LabelKind(StrEnum):
    """What a label is for."""

    PATIENT = "patient"
    WRISTBAND = "wristband"
    SPECIMEN = "specimen"
    """A tube or pot for the laboratory; never for transfusion."""
    NEWBORN = "newborn"
    """The wristband of a baby."""
    STOCK = "stock"
    """A box or divider of blank forms."""


TITLES = {
    LabelKind.PATIENT: "Patient labels",
    LabelKind.WRISTBAND: "Wristbands",
    LabelKind.SPECIMEN: "Specimen labels",
    LabelKind.NEWBORN: "Wristbands of a newborn",
    LabelKind.STOCK: "Labels for blank forms",
}
NARROWEST = {
    LabelKind.PATIENT: 0.0,
    LabelKind.WRISTBAND: 60.0,
    LabelKind.SPECIMEN: 30.0,
    LabelKind.NEWBORN: 60.0,
    LabelKind.STOCK: 30.0,
}
"""Least width in millimetres of a label that holds what this kind says."""


@dataclass(frozen=True, slots=True)
class LabelSheet:
    """One kind of sheet in millimetres: size of a label, how many, the first one's corner, and the pitches."""

    name: str
    width: float
    height: float
    columns: int
    rows: int
    first_x: float
    first_y: float
    pitch_x: float
    pitch_y: float

    @property
    def label_count(self) -> int:
        """How many labels one sheet has."""
        return self.columns * self.rows

    def corner(self, number: int) -> tuple[float, float]:
        """Left and top edge of a label in millimetres from the page's upper left corner.

        Labels count from 1, along each row from left to right.
        """
        row, column = divmod(number - 1, self.columns)
        return self.first_x + column * self.pitch_x, self.first_y + row * self.pitch_y


LABEL_SHEETS = {
    sheet.name: sheet
    for sheet in (
        LabelSheet("L7160", 63.5, 38.1, 3, 7, 7.2, 15.1, 66.0, 38.1),
        LabelSheet("L7161", 63.5, 46.6, 3, 6, 7.4, 8.1, 65.9, 46.7),
        LabelSheet("L7162", 99.1, 33.9, 2, 8, 4.0, 13.0, 102.5, 33.9),
        LabelSheet("L7163", 99.1, 38.1, 2, 7, 3.4, 15.2, 103.0, 38.1),
        LabelSheet("L7164", 63.5, 72.0, 3, 4, 7.4, 3.5, 66.0, 72.0),
        LabelSheet("L7165", 99.1, 67.7, 2, 4, 4.7, 13.0, 101.6, 67.7),
        LabelSheet("L7651", 38.1, 21.2, 5, 13, 4.7, 10.9, 40.6, 21.2),
        LabelSheet("L4730", 17.8, 10.0, 10, 27, 4.8, 13.5, 20.3, 10.0),
    )
}
"""The sheets that can be printed on, by the number on their box (Avery).

Of L4730 size, grid and pitch are published, but no margins: its labels are centred on the page, as
those of the others are to a millimetre.
"""


def find_label_sheet(name: str) -> LabelSheet:
    """The sheet of a maker's number, with or without its letter; NotFoundError names those known."""
    number = name.strip().upper()
    sheet = LABEL_SHEETS.get(number) or LABEL_SHEETS.get(f"L{number}")
    if sheet is None:
        raise NotFoundError(
            "labels.sheet",
            "Label sheets of that number are not known here.",
            f"Choose one of: {', '.join(LABEL_SHEETS)}.",
        )
    return sheet
