"""What the marks on a form's scanned pages mean for who keys it. Pure.

A tick is an answer, a field without ink holds none, and ink that no answer stands for is looked at.
Handwriting is never read.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from downtime.entry.facts import AbsentReason
from downtime.entry.keyed_form import KeyedForm
from downtime.entry.model import ReadingKind
from downtime.entry.validation import SIGN_OFF_KEYS
from downtime.paper.forms.model import TRUE, FieldType, FormItem, KeyingPolicy
from downtime.paper.layout.page_fields import split_option_key
from downtime.scanning.page_reading import Mark, PageReading, PicturePlace

WHOLE_PAGE = PicturePlace(0, 0, 1, 1)


@dataclass(frozen=True, slots=True)
class InkPlace:
    """What of a scan somebody has to look at: ink that is not keyed in the field `key`, or outside every field.

    Or a whole page: one that could not be measured.
    """

    name: str
    """What a screen sends once somebody has looked at it."""
    page: int
    place: PicturePlace
    key: str = ""


@dataclass(frozen=True, slots=True)
class FormInk:
    """What was seen on the pages of one form; of fields that the print filled nothing is said."""

    readings: Mapping[int, PageReading]
    printed: Mapping[str, str]
    """Answers as they were printed on it, by key."""
    hidden: frozenset[str] = frozenset()
    """Answers of whose fields nothing is said: who keys them is not to see what was read."""

    def without(self, keys: Iterable[str]) -> "FormInk":
        """The same, and nothing said of these answers."""
        return replace(self, hidden=self.hidden | {*keys})

    def read_answers(
        self,
        form: KeyedForm,
        kinds: Collection[ReadingKind],
        keys: Collection[str],
        answers: Mapping[str, str],
    ) -> dict[str, str]:
        """What stands in those of these fields that can be read: a clear tick, or nothing at all.

        A doubtful field is for a person, and so is writing. Nothing is said of it as in `answers`, where
        somebody did: as an empty field, or as 'not written'.
        """
        if form.definition.policy == KeyingPolicy.SCAN:
            return {}
        boxes, mark_by_key = self._find_boxes(), self.find_marks()
        read: dict[str, str] = {}
        for item, key in _list_keys(form):
            kind, mark = kind_of(item), mark_by_key.get(key, Mark.DOUBTFUL)
            is_boxes = kind != ReadingKind.TICKS or _has_all_boxes(item, boxes.get(key, {}))
            if key not in keys or kind not in kinds or not is_boxes:
                continue
            if mark == Mark.EMPTY:
                keyed = answers.get(key, "")
                read[key] = keyed if keyed == AbsentReason.NOT_WRITTEN else ""
            elif mark == Mark.MARKED and (text := _find_ticked(item, boxes[key])):
                read[key] = text
        return read

    def find_marks(self) -> dict[str, Mark]:
        """What is in each answer's field; a choice is marked where one of its boxes is and no other."""
        return {key: _join_boxes(list(boxes.values())) for key, boxes in self._find_boxes().items()}

    def suggest_answers(self, form: KeyedForm) -> dict[str, str]:
        """Answers that need not be typed: a clear tick, and 'not written' where a field must be answered.

        Nothing of a form that is kept as a picture, of a field that a person has to look at, nor of who signed
        and when: that has to be known.
        """
        if form.definition.policy == KeyingPolicy.SCAN:
            return {}
        boxes, mark_by_key = self._find_boxes(), self.find_marks()
        inked_rows = {
            _row_of(item, key)
            for item, key in _list_keys(form)
            if mark_by_key.get(key, Mark.EMPTY) != Mark.EMPTY
        }
        answers: dict[str, str] = {}
        for item, key in _list_keys(form):
            if mark_by_key.get(key) == Mark.MARKED and (text := _find_ticked(item, boxes[key])):
                answers[key] = text
            is_used = not item.repeated or _row_of(item, key) in inked_rows
            is_asked = item.required and is_used and key not in SIGN_OFF_KEYS
            if mark_by_key.get(key) == Mark.EMPTY and is_asked:
                answers[key] = AbsentReason.NOT_WRITTEN
        return answers

    def list_unkeyed(self, form: KeyedForm, answers: Mapping[str, str]) -> list[InkPlace]:
        """Pages that could not be measured, ink outside every field, and in fields of which no answer is keyed."""
        whole = [
            InkPlace(f"page-{number}", number, WHOLE_PAGE)
            for number, reading in self.readings.items()
            if reading.gate is not None
        ]
        unkeyed = whole + [
            InkPlace(f"page-{number}-{n}", number, ink.place)
            for number, reading in self.readings.items()
            for n, ink in enumerate(reading.outside, 1)
        ]
        if form.definition.policy == KeyingPolicy.SCAN:
            return unkeyed
        keys = {key for _, key in _list_keys(form)}
        blank = {key for key in keys if answers.get(key, "") in ("", AbsentReason.NOT_WRITTEN)}
        return [*unkeyed, *self._list_in_fields(blank)]

    def _list_in_fields(self, keys: set[str]) -> Iterator[InkPlace]:
        named: set[str] = set()
        for number, reading in self.readings.items():
            for field in reading.fields if reading.gate is None else ():
                key, _ = split_option_key(field.key)
                if (
                    key in keys - named - self.printed.keys() - self.hidden
                    and field.mark != Mark.EMPTY
                ):
                    named.add(key)
                    yield InkPlace(key, number, field.place, key)

    def _find_boxes(self) -> dict[str, dict[str, Mark]]:
        """For each answer the mark of each of its boxes, by code; the field itself has none."""
        boxes: dict[str, dict[str, Mark]] = {}
        for reading in self.readings.values():
            for key, mark in reading.find_marks().items():
                answer, code = split_option_key(key)
                if answer not in self.printed and answer not in self.hidden:
                    boxes.setdefault(answer, {})[code] = mark
        return boxes


def kind_of(item: FormItem) -> ReadingKind:
    """What a scanner can read of such a field."""
    is_ticked = item.type in (FieldType.BOOLEAN, FieldType.CHOICE)
    return ReadingKind.TICKS if is_ticked else ReadingKind.EMPTY


def _has_all_boxes(item: FormItem, boxes: Mapping[str, Mark]) -> bool:
    """Whether the page shows a box for each of its answers: a long choice is written."""
    if item.type == FieldType.BOOLEAN:
        return bool(boxes)
    return set(boxes) == {option.code for option in item.options}


def _list_keys(form: KeyedForm) -> list[tuple[FormItem, str]]:
    return [(item, key) for item in form.keyed_items for key in item.answer_keys()]


def _row_of(item: FormItem, key: str) -> tuple[str, str]:
    return item.group, key.rpartition(":")[2] if item.repeated else ""


def _join_boxes(boxes: list[Mark]) -> Mark:
    if all(mark == Mark.EMPTY for mark in boxes):
        return Mark.EMPTY
    is_clear = boxes.count(Mark.MARKED) == 1 and Mark.DOUBTFUL not in boxes
    return Mark.MARKED if is_clear else Mark.DOUBTFUL


def _find_ticked(item: FormItem, boxes: Mapping[str, Mark]) -> str:
    """What a clear tick says; empty for a field in which somebody writes."""
    if item.type == FieldType.BOOLEAN:
        return TRUE
    if item.type != FieldType.CHOICE or not _has_all_boxes(item, boxes):
        return ""
    return next(code for code, mark in boxes.items() if mark == Mark.MARKED)
