"""What really happened in a simulated month: counted by those who did it, never read from a vault. Pure.

The simulation notes each thing as it does it. At the end the statement's every number is laid
beside these counts; a difference is a fault of the program, or of the simulation.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import sqrt
from typing import Any

WAYS = {"checked": ("checked",), "critical": ("critical",), "seen": ("checked", "critical")}
DUPLICATE_WINDOW = timedelta(minutes=30)
"""Samples of one test this close are one request written twice."""
DEVIATE = 1.959964
"""The normal deviate of 95 %, two-sided."""


@dataclass(slots=True)
class Sheet:
    """One paper of the simulation, and what became of it."""

    serial: str
    ward: str
    form: str
    patient: str = ""
    """Id of whom it was printed for, or of whom it was found to be about."""
    fate: str = "out"
    entered: bool = False
    verified: bool = False
    filed: bool = False
    sent_back: bool = False
    checked: set[str] = field(default_factory=set)
    """In which ways a second person looked at it."""
    ahead: bool = False


@dataclass(slots=True)
class Truth:
    """The counts of one outage."""

    sheets: dict[str, Sheet] = field(default_factory=dict)
    items: dict[str, tuple[str, str]] = field(default_factory=dict)
    """State and decision of what each form says, by the item's key."""
    messages: dict[str, tuple[str, str]] = field(default_factory=dict)
    """System and answer of every message that the receivers had, by its control ID."""
    orders: set[str] = field(default_factory=set)
    """Numbers of the requests that the receivers had."""
    checks: list[tuple[str, str, int, int]] = field(default_factory=list)
    """Form, way (`checked` or `critical`), fields and errors of every check of an entry."""
    links: Counter[str] = field(default_factory=Counter)
    nobody: set[str] = field(default_factory=set)
    """Downtime numbers whose people are in no system."""
    patients: dict[str, dict[str, int]] = field(default_factory=dict)
    laptops: dict[str, str] = field(default_factory=dict)
    """What became of each laptop: `reported` or `never`."""
    asked: list[tuple[datetime, str, str, str]] = field(default_factory=list)
    """Sample taken, patient, test and serial of every test that was asked for on paper."""
    put_off: int = 0
    """Visits and operations of the outage that did not take place, or of which nobody said so."""
    waiting: int = 0
    """Tests without a result when the systems failed."""
    late_laboratory: int = 0
    """Items that were held while the laboratory's data had not come."""
    wrong_numbers: int = 0
    """Papers that bear somebody else's number."""
    restored: str = ""
    """Code of the laptop that was put back from its backup."""
    empty: int = 0
    """Forms that came back without an answer, and that a second person confirmed to be so."""
    opened: str = ""
    ended: str = ""

    def sheet(
        self, serial: str, ward: str, form: str, patient: str, *, ahead: bool = False
    ) -> Sheet:
        """Note a paper that was printed."""
        sheet = self.sheets[serial] = Sheet(serial, ward, form, patient, ahead=ahead)
        return sheet

    def list_requested_twice(self) -> list[str]:
        """Serial and test of each that another paper of the same patient asks for, and earlier."""
        requests_by_test: dict[tuple[str, str], list[tuple[datetime, str]]] = {}
        for taken, patient, test, serial in self.asked:
            requests_by_test.setdefault((patient, test), []).append((taken, serial))
        return [
            f"{serial}-{test}"
            for (_, test), papers in requests_by_test.items()
            for taken, serial in papers
            if any(
                (first, other) < (taken, serial)
                and other != serial
                and taken - first <= DUPLICATE_WINDOW
                for first, other in papers
            )
        ]

    def counted(self) -> list[Sheet]:
        """The papers that belong to the outage: one printed ahead only once it was used."""
        return [s for s in self.sheets.values() if not s.ahead or s.fate in ("returned", "lost")]

    def forms(self) -> dict[tuple[str, str], Counter[str]]:
        """The statement's columns by ward and form."""
        rows: dict[tuple[str, str], Counter[str]] = {}
        for sheet in self.counted():
            row = rows.setdefault((sheet.ward, sheet.form), Counter())
            row["issued"] += 1
            row[sheet.fate] += 1
            if sheet.fate == "returned":
                row[_contents(sheet)] += 1
                row["filed" if sheet.filed else "verified"] += sheet.filed or sheet.verified
                row["keyed"] += sheet.entered and not sheet.verified
        return rows


def _contents(sheet: Sheet) -> str:
    if sheet.entered:
        return "entered"
    return "unentered" if sheet.filed else "waiting"


def differences(truth: Truth, facts: Mapping[str, Any]) -> list[str]:
    """Every number of the statement that is not as it was, in words; empty when all agree."""
    return [
        f"{name}: the statement says {stated}, it was {was}"
        for name, stated, was in _pairs(truth, facts)
        if stated != was
    ]


def compared(truth: Truth, facts: Mapping[str, Any]) -> int:
    """How many numbers are laid beside each other."""
    return sum(1 for _ in _pairs(truth, facts))


def _pairs(truth: Truth, facts: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    yield "open", facts["open_kinds"], {}
    yield "opened", facts["outage"]["opened"], truth.opened
    yield "ended", facts["outage"]["ended"], truth.ended
    yield from _patients(truth, facts)
    yield from _forms(truth, facts)
    yield from _entries(truth, facts)
    yield from _items(truth, facts)
    yield from _messages(truth, facts)
    yield from _laptops(truth, facts)
    yield from _harm(truth, facts)


def _patients(truth: Truth, facts: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    for what, wards in truth.patients.items():
        stated = facts["patients"][what]
        for ward in sorted(wards.keys() | stated.keys()):
            yield f"patients {what} {ward}", stated.get(ward, 0), wards.get(ward, 0)


def _forms(truth: Truth, facts: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    was = truth.forms()
    stated = {(row["ward"], row["form"]): row for row in facts["forms"]}
    yield "rows of forms", sorted(stated), sorted(was)
    for key in sorted(was.keys() & stated.keys()):
        for column in stated[key].keys() - {"ward", "form"}:
            yield f"{column} {' '.join(key)}", stated[key][column], was[key][column]
    total: Counter[str] = sum(was.values(), Counter())
    for column, n in facts["forms_total"].items():
        yield f"{column} in all", n, total[column]
    ahead = sum(sheet.ahead for sheet in truth.counted())
    yield "printed ahead", facts["printed_ahead"]["forms"], ahead


def _entries(truth: Truth, facts: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    sent_back = sum(sheet.sent_back for sheet in truth.counted())
    for name in ("empty", "empty_confirmed"):
        yield name, facts["entries"][name], truth.empty
    yield "sent back", facts["entries"]["sent_back"], sent_back
    forms = {row["form"]: row for row in facts["error_rate"]["forms"]}
    yield "forms checked", sorted(forms), sorted({form for form, *_ in truth.checks})
    for form, row in [*forms.items(), ("", facts["error_rate"]["all"])]:
        for method, ways in WAYS.items():
            checks = [c for c in truth.checks if c[1] in ways and form in ("", c[0])]
            fields, errors = sum(c[2] for c in checks), sum(c[3] for c in checks)
            yield f"fields {method} {form}", row[method]["fields"], fields
            yield f"errors {method} {form}", row[method]["errors"], errors
            low, high = _interval(errors, fields) if fields else (None, None)
            yield f"low {method} {form}", _number(row[method]["low_percent"]), low
            yield f"high {method} {form}", _number(row[method]["high_percent"]), high


def _number(text: str | None) -> float | None:
    return None if text is None else float(text)


def _interval(errors: int, fields: int) -> tuple[float, float]:
    """The shares, in percent, from which so many errors lie 1.96 standard errors away.

    Found by halving from the definition (the share p solves |e/n - p| = z * sqrt(p (1 - p) / n)),
    not by the formula that the program uses.
    """

    def bound(inside: float, outside: float) -> float:
        for _ in range(60):
            middle = (inside + outside) / 2
            away = abs(errors / fields - middle) / sqrt(middle * (1 - middle) / fields)
            inside, outside = (middle, outside) if away < DEVIATE else (inside, middle)
        return round(100 * inside, 2)

    share = errors / fields
    return (bound(share, 0.0) if errors else 0.0, bound(share, 1.0) if errors < fields else 100.0)


def _items(truth: Truth, facts: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    stated = {(row["state"], row["decision"]): row["items"] for row in facts["items"]}
    was = Counter(truth.items.values())
    for key in sorted(stated.keys() | was.keys()):
        yield f"items {' '.join(key)}", stated.get(key, 0), was[key]
    yield "people unmatched", facts["unmatched"]["patients"], len(truth.nobody)
    for state, n in facts["identity"].items():
        yield f"links {state}", n, truth.links[state]


def _messages(truth: Truth, facts: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    was: dict[str, Counter[str]] = {}
    for system, answer in truth.messages.values():
        was.setdefault(system, Counter())[answer] += 1
    stated = {row["system"]: row for row in facts["returned"]["systems"]}
    yield "systems told", sorted(stated), sorted(was)
    for system in sorted(stated.keys() & was.keys()):
        yield f"messages {system}", stated[system]["messages"], was[system].total()
        for fate in ("acknowledged", "sent", "refused", "waiting", "settled"):
            yield f"{fate} {system}", stated[system][fate], was[system][fate]


def _laptops(truth: Truth, facts: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    stated = {row["device"]: row["state"] for row in facts["laptops"]}
    for code in sorted(stated.keys() | truth.laptops.keys()):
        yield f"laptop {code}", stated.get(code), truth.laptops.get(code)


def _harm(truth: Truth, facts: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """Nothing was phoned, each test has its times, and all goes out by message, none by worklist."""
    stated, open_counts = Counter[str](), Counter[str]()
    for row in facts["harm"]["findings"]:
        stated[row["kind"]] += row["findings"]
        open_counts[row["kind"]] += row["open"]
    asked = sum("-test." in key for key in truth.items)
    yield "without a result at T0", stated["waiting"], truth.waiting
    yield "tests with their times", stated["delay"], truth.waiting + asked
    yield "phoned differently", stated["mismatch"], 0
    yield "asked for twice", stated["duplicate"], len(truth.list_requested_twice())
    yield "put off", stated["put-off"], truth.put_off
    yield "findings open", open_counts.total(), 0
    yield "degrees of harm", facts["harm"]["outcomes"], {}
    for name, n in facts["returned"]["worklists"].items():
        yield f"worklist {name}", n, 0
