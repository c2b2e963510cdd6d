"""What is used up in an outage, how much is left, and when it runs out. Pure."""

from dataclasses import dataclass
from enum import StrEnum

HORIZON_DAYS = 28
"""Life-critical technology may be gone for four weeks or longer (Joint Commission, Alert 67)."""
HORIZONS_HOURS = (4, 24, 72, 24 * HORIZON_DAYS)


class AuditAction(StrEnum):
    """What an entry of the audit says was done; the chain keeps the words."""

    STOCK_COUNT = "stock.count"


class StockKind(StrEnum):
    """What is used up."""

    SHEETS = "sheets"
    TONER = "toner"
    LABELS = "labels"
    SERIALS = "serials"
    NUMBERS = "numbers"


COUNTED = (StockKind.SHEETS, StockKind.TONER, StockKind.LABELS)
"""What people count; the program knows of the others itself."""
STOCK_TITLES = {
    StockKind.SHEETS: "Sheets of paper",
    StockKind.TONER: "Pages that the toner still prints",
    StockKind.LABELS: "Sheets of labels",
    StockKind.SERIALS: "Serials of forms",
    StockKind.NUMBERS: "Downtime numbers",
}


@dataclass(frozen=True, slots=True)
class StockCount:
    """What somebody counted; `at` is UTC as stored."""

    kind: StockKind
    amount: int
    at: str
    person: str
    person_name: str


@dataclass(frozen=True, slots=True)
class Projection:
    """One stock over the weeks. `amount_left` is None when nobody counted it."""

    kind: StockKind
    amount_left: int | None
    per_day: float | None
    """None while it is not known how many patients there are."""
    is_measured: bool
    """Whether this outage's own use is projected, else the plan's."""
    count: StockCount | None = None

    @property
    def days(self) -> float | None:
        """How many days it lasts; None when that is not known, or when nothing is used."""
        return (
            None
            if self.amount_left is None or not self.per_day
            else self.amount_left / self.per_day
        )

    def needed(self, hours: int) -> int | None:
        """How much is used in so many hours, rounded up; None when that is not known."""
        return None if self.per_day is None else -int(-self.per_day * hours // 24)

    @property
    def runs_out(self) -> bool:
        """Whether it does not last the four weeks."""
        return self.days is not None and self.days < HORIZON_DAYS


@dataclass(frozen=True, slots=True)
class KeyingLoad:
    """Back-entry as hours of people."""

    waiting: int
    """Forms that are out, or back and not keyed."""
    per_day: float | None
    minutes_per_form: float
    staff_hours_per_day: float

    @property
    def hours_waiting(self) -> float:
        """Hours that keying what there is takes."""
        return self.waiting * self.minutes_per_form / 60

    def hours_after(self, days: int) -> float | None:
        """Hours that wait when it lasts so many days more, and nobody keys meanwhile."""
        if self.per_day is None:
            return None
        return self.hours_waiting + days * self.per_day * self.minutes_per_form / 60

    def days_of_work(self, days: int) -> float | None:
        """For how many days the staff of the settings key that; None without any, or when it is not known."""
        hours = self.hours_after(days)
        if hours is None or not self.staff_hours_per_day:
            return None
        return hours / self.staff_hours_per_day


@dataclass(frozen=True, slots=True)
class Endurance:
    """All of it, what runs out first coming first."""

    projections: tuple[Projection, ...]
    keying: KeyingLoad

    @property
    def next_out(self) -> Projection | None:
        """What runs out next within four weeks."""
        return next((item for item in self.projections if item.runs_out), None)
