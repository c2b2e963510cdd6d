"""Whether what two forms say is one thing, and whether it is said alike; see `tests/spec`. Pure."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

from downtime.clinical.amounts import is_same_dose, is_same_value
from downtime.clinical.medicine_names import are_alike, read_medicine
from downtime.clinical.model import ClinicalStatus
from downtime.clinical.recognition import DuplicateKind
from downtime.reconcile.duplicates.keys import RECOGNITIONS, OwnNames, list_own_names
from downtime.reconcile.duplicates.model import FormStatement
from downtime.reconcile.duplicates.specimen_sites import are_different_sites
from downtime.reconcile.rules.coded_medicines import FindCodes, contradicts, find_no_codes
from downtime.reconcile.rules.substances import are_alike_substances, are_same_substance
from downtime.reconcile.rules.values import fold_test_name, names_in_fields
from downtime.reconcile.rules.verdict import fold_text, parse_instant
from downtime.settings import Settings

WHOLE_OUTAGE = timedelta.max


class Relation(StrEnum):
    """How one thing on two forms stands to what the other says."""

    SAME = "same"
    """The other one says all that this one says."""
    ASKED = "asked"
    """It is said alike, but such a thing may be done twice: a person says."""
    DIFFERS = "differs"
    """It is one thing, and the two say of it what cannot both be right, or each something more."""


class MatchWindow(NamedTuple):
    """How close in time two things of a kind are the same one, and what the site says of them."""

    by_kind: Mapping[DuplicateKind, timedelta]
    sampled: timedelta
    """Between two requests that both say when the sample was taken."""
    requested: timedelta
    repeated_tests: frozenset[str]
    """Tests that are rightly asked for twice at a time."""
    own_names: OwnNames
    """The site's own names of medicines."""
    find_codes: FindCodes = find_no_codes

    @classmethod
    def from_settings(
        cls, settings: Settings, find_codes: FindCodes = find_no_codes
    ) -> "MatchWindow":
        """As the site says."""
        reconcile = settings.reconcile
        return cls(
            {
                recognition.kind: timedelta(minutes=getattr(reconcile, recognition.window))
                if recognition.window
                else WHOLE_OUTAGE
                for recognition in RECOGNITIONS.values()
            },
            timedelta(minutes=reconcile.twice_sample_minutes),
            timedelta(minutes=reconcile.twice_asked_minutes),
            frozenset(map(fold_test_name, reconcile.repeated_tests)),
            list_own_names(settings),
            find_codes,
        )

    def widest(self, kind: DuplicateKind) -> timedelta:
        """How far apart at most two things of this kind are the same."""
        if kind == DuplicateKind.REQUEST:
            return max(self.sampled, self.requested)
        if kind == DuplicateKind.RESULT:
            return max(self.by_kind[kind], self.requested)
        return self.by_kind[kind]

    def find_close(
        self, kind: DuplicateKind, moments: Sequence[str], *, all_timed: bool
    ) -> set[int]:
        """Which of these times have another one close by; `all_timed`: all are of samples."""
        widest = self.widest(kind)
        if widest == WHOLE_OUTAGE:
            return set(range(len(moments)))
        if all_timed and kind == DuplicateKind.REQUEST:
            widest = self.sampled
        if all_timed and kind == DuplicateKind.RESULT:
            widest = self.by_kind[kind]
        times = sorted((parse_instant(m), index) for index, m in enumerate(moments) if m)
        close: set[int] = set()
        for (earlier, index), (later, next_index) in pairwise(times):
            if later - earlier <= widest:
                close |= {index, next_index}
        return close

    def is_within(self, kind: DuplicateKind, gap: timedelta) -> bool:
        """Whether two things of a kind may be one with so much time between them."""
        return gap <= self.by_kind[kind]


def relate(
    kind: DuplicateKind, statement: FormStatement, other: FormStatement, window: MatchWindow
) -> Relation | None:
    """How a statement stands to another form's; None where they are two things, as two lines of a form are."""
    if statement.serial == other.serial:
        return None
    if rule := _OWN_RULES.get(kind):
        return rule(statement, other, window)
    if not window.is_within(kind, _gap(statement, other)):
        return None
    return compare_fields(statement, other)


def _gap(statement: FormStatement, other: FormStatement) -> timedelta:
    if not statement.time or not other.time:
        return timedelta()
    return abs(parse_instant(statement.time) - parse_instant(other.time))


def compare_fields(statement: FormStatement, other: FormStatement) -> Relation:
    """Whether all that must be equal is said by the other one too."""
    return Relation.DIFFERS if list_differences(statement, other) else Relation.SAME


def list_differences(statement: FormStatement, other: FormStatement) -> list[str]:
    """The fields of a statement that the other one does not say, or says otherwise.

    Without fields that must be equal, those that both say.
    """
    fields = RECOGNITIONS[statement.type].equal_fields or [
        name for name in statement.fields if other.fields.get(name)
    ]
    return [name for name in fields if not _says_the_same(name, statement.fields, other.fields)]


def _says_the_same(name: str, fields: Mapping[str, str], other: Mapping[str, str]) -> bool:
    text, other_text = fields.get(name, ""), other.get(name, "")
    if not text:
        return True
    if name == "value":
        units = fields.get("units", ""), other.get("units", "")
        return is_same_value(text, units[0], other_text, units[1]) is True
    if name == "dosage":
        return is_same_dose(text, other_text)
    return fold_text(text) == fold_text(other_text)


def _relate_requests(
    statement: FormStatement, other: FormStatement, window: MatchWindow
) -> Relation | None:
    if not window.repeated_tests.isdisjoint(names_in_fields(statement.fields)):
        return None
    if statement.site and other.site and are_different_sites(statement.site, other.site):
        return None
    both_sampled = statement.has_own_time and other.has_own_time
    is_close = _gap(statement, other) <= (window.sampled if both_sampled else window.requested)
    return Relation.ASKED if is_close else None


def _relate_doses(
    statement: FormStatement, other: FormStatement, window: MatchWindow
) -> Relation | None:
    if not window.is_within(DuplicateKind.DOSE, _gap(statement, other)):
        return None
    name, other_name = (form.fields.get("medicine", "") for form in (statement, other))
    medicines = [read_medicine(text, window.own_names) for text in (name, other_name)]
    if fold_text(name) == fold_text(other_name) or are_alike(*medicines):
        return Relation.ASKED
    codes = window.find_codes(name, statement.patient)
    is_one_by_code = not codes.isdisjoint(window.find_codes(other_name, other.patient))
    if is_one_by_code and not contradicts(name, other_name, window.own_names):
        return Relation.ASKED
    return None


def _relate_results(
    statement: FormStatement, other: FormStatement, window: MatchWindow
) -> Relation | None:
    """One sample has one value; where a form does not say when it was taken, only an equal one is asked about."""
    relation, gap = compare_fields(statement, other), _gap(statement, other)
    if statement.has_own_time and other.has_own_time:
        return relation if window.is_within(DuplicateKind.RESULT, gap) else None
    is_close = gap <= window.requested and relation == Relation.SAME
    return Relation.ASKED if is_close else None


def _relate_visits(
    statement: FormStatement, other: FormStatement, window: MatchWindow
) -> Relation | None:
    """One slot, by its number or by when and where it is; what became of it and its new date are two things."""
    fields, other_fields = statement.fields, other.fields
    if ("rebook_start" in fields) != ("rebook_start" in other_fields):
        return None
    numbers = fields.get("number", ""), other_fields.get("number", "")
    if all(numbers):
        is_one = fold_text(numbers[0]) == fold_text(numbers[1])
    else:
        starts = fields.get("start", ""), other_fields.get("start", "")
        is_timed = all("T" in start for start in starts)
        is_one = not (is_timed and starts[0] != starts[1]) and _agrees("location", statement, other)
    return compare_fields(statement, other) if is_one else None


def _agrees(name: str, statement: FormStatement, other: FormStatement) -> bool:
    """Whether two statements do not say a field otherwise."""
    texts = [fold_text(form.fields.get(name, "")) for form in (statement, other)]
    return not all(texts) or texts[0] == texts[1]


def _relate_allergies(
    statement: FormStatement, other: FormStatement, window: MatchWindow
) -> Relation | None:
    """One substance, or what may be one; 'no known allergies' contradicts any allergy."""
    wrong = ClinicalStatus.ENTERED_IN_ERROR
    are_wrong = [form.fields.get("status") == wrong for form in (statement, other)]
    none_known = [bool(form.fields.get("none_known")) for form in (statement, other)]
    if are_wrong[0] != are_wrong[1]:
        return None
    if any(none_known):
        return Relation.SAME if all(none_known) else Relation.DIFFERS
    names = [form.fields.get("substance", "") for form in (statement, other)]
    if not all(names):
        return None
    if are_same_substance(*names):
        return compare_fields(statement, other)
    return Relation.DIFFERS if not are_wrong[0] and are_alike_substances(*names) else None


def _relate_details(
    statement: FormStatement, other: FormStatement, window: MatchWindow
) -> Relation | None:
    """What two forms say of a person: two things, unless one says all of the other or contradicts it."""
    shared = [name for name, text in statement.fields.items() if text and other.fields.get(name)]
    if any(not _agrees(name, statement, other) for name in shared):
        return Relation.DIFFERS
    is_all_said = len(shared) == sum(bool(text) for text in statement.fields.values())
    return Relation.SAME if is_all_said and shared else None


_OwnRule = Callable[[FormStatement, FormStatement, MatchWindow], Relation | None]
_OWN_RULES: Mapping[DuplicateKind, _OwnRule] = {
    DuplicateKind.REQUEST: _relate_requests,
    DuplicateKind.DOSE: _relate_doses,
    DuplicateKind.RESULT: _relate_results,
    DuplicateKind.VISIT: _relate_visits,
    DuplicateKind.ALLERGY: _relate_allergies,
    DuplicateKind.DETAILS: _relate_details,
}
"""Kinds of which name, time and equal fields alone do not say whether two are one."""
