"""The registry of field types: one row says all that follows from what a field is. Pure.

Adding a type is adding a member to `FieldType` and a row here. `FIELD_TYPES[item.type]` has the row
of any item (`item.type` is a `FieldType`, which is also the plain word of the form's file):

- `parse(item, text)` brings typed text into its stored form, or raises ValueError with the sentence
  for the person who keys. For a date or time (`is_moment`) it is the caller who parses, because that
  needs the event's day and the site's zone; `refusal` is the sentence then.
- `word(item, answer)` is an answer as people read it.
- `fhir_value` is the element of a QuestionnaireResponse answer, `fhir_limit` that of minValue and
  maxValue in a Questionnaire.
- `keying_example` stands beside the entry field, `is_number` asks for a number pad, `paper_hint`
  stands beside the printed field, `mark` says how it is printed.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from downtime.paper.forms.model import TRUE, FieldType, FormItem

_NUMBER = re.compile(r"[+-]?\d{1,12}([.,]\d{1,6})?")
_WHOLE_NUMBER = re.compile(r"[+-]?\d{1,12}")
_TICKED = ("true", "yes", "y", "x", "1")
_NOT_TICKED = ("false", "no", "0")
_NAMED_OPTIONS = 12
"""Options that a refusal names at most."""


class PrintedMark(StrEnum):
    """What a field looks like on paper."""

    LINE = "line"
    TICK_BOX = "tick box"
    OPTION_BOXES = "option boxes"
    NOTE = "note"
    """Printed for the reader; there is nothing to fill in."""
    GROUP = "group"


def _parse_text(_: FormItem, text: str) -> str:
    return text


def _parse_boolean(_: FormItem, text: str) -> str:
    if text.lower() in _TICKED:
        return TRUE
    if text.lower() in _NOT_TICKED:
        return ""
    raise ValueError("it is ticked or not: type yes or no")


def _parse_choice(item: FormItem, text: str) -> str:
    """The option of that code or those words, or the only one whose words begin so."""
    typed = text.lower()
    for option in item.options:
        if typed in (option.code.lower(), option.display.lower()):
            return option.code
    begun = [o.code for o in item.options if o.display.lower().startswith(typed)]
    if len(begun) == 1:
        return begun[0]
    displays = ", ".join(option.display for option in item.options[:_NAMED_OPTIONS])
    raise ValueError(f"it is not one of the answers on the form ({displays})")


def _parse_number(item: FormItem, text: str) -> str:
    if not _NUMBER.fullmatch(text):
        raise ValueError("it is not a number")
    number = text.replace(",", ".")
    if item.min is not None and float(number) < item.min:
        raise ValueError(f"it is below {item.min:g}; check the paper")
    if item.max is not None and float(number) > item.max:
        raise ValueError(f"it is above {item.max:g}; check the paper")
    return number


def _parse_whole_number(item: FormItem, text: str) -> str:
    if not _WHOLE_NUMBER.fullmatch(text):
        raise ValueError("it is not a whole number")
    return _parse_number(item, text)


def _word_text(_: FormItem, answer: str) -> str:
    return answer


def _word_number(item: FormItem, answer: str) -> str:
    """With its unit: a number without one is read in any."""
    return f"{answer} {item.units}" if item.units else answer


def _word_boolean(_: FormItem, answer: str) -> str:
    return "yes" if answer == TRUE else answer


def _word_choice(item: FormItem, answer: str) -> str:
    return next((o.display for o in item.options if o.code == answer), answer)


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldTypeRow:
    """What follows from a field's type; the module's docstring explains each column."""

    mark: PrintedMark = PrintedMark.LINE
    parse: Callable[[FormItem, str], str] = _parse_text
    word: Callable[[FormItem, str], str] = _word_text
    fhir_value: str = "valueString"
    fhir_limit: str = "valueDecimal"
    is_number: bool = False
    is_moment: bool = False
    refusal: str = ""
    keying_example: str = ""
    paper_hint: str = ""
    specimen: str = "Example"
    """What a preview prints into it; of a number the preview computes one."""
    own_key: str = ""
    """The word of a form's file that this type needs and no other may have."""
    can_be_drawn: bool = True
    """Whether a field of this type may be drawn on a hospital's own PDF as one rectangle."""
    is_answered: bool = True
    """False for groups and words, which hold no answer."""


FIELD_TYPES: dict[FieldType, FieldTypeRow] = {
    FieldType.STRING: FieldTypeRow(),
    FieldType.TEXT: FieldTypeRow(specimen="An example of what is written here by hand."),
    FieldType.BOOLEAN: FieldTypeRow(
        mark=PrintedMark.TICK_BOX,
        parse=_parse_boolean,
        word=_word_boolean,
        fhir_value="valueBoolean",
        specimen=TRUE,
    ),
    FieldType.CHOICE: FieldTypeRow(
        mark=PrintedMark.OPTION_BOXES,
        parse=_parse_choice,
        word=_word_choice,
        fhir_value="valueCoding",
        own_key="answerOption",
        can_be_drawn=False,
    ),
    FieldType.INTEGER: FieldTypeRow(
        parse=_parse_whole_number,
        word=_word_number,
        fhir_value="valueInteger",
        fhir_limit="valueInteger",
        is_number=True,
    ),
    FieldType.DECIMAL: FieldTypeRow(
        parse=_parse_number, word=_word_number, fhir_value="valueDecimal", is_number=True
    ),
    FieldType.QUANTITY: FieldTypeRow(
        parse=_parse_number,
        word=_word_number,
        fhir_value="valueDecimal",
        is_number=True,
        can_be_drawn=False,
    ),
    FieldType.DATE: FieldTypeRow(
        fhir_value="valueDate",
        is_moment=True,
        refusal="it is not a date; type it like 02/11/26 or 021126",
        keying_example="021126",
        paper_hint="d/m/y",
        specimen="02-Nov-2026",
    ),
    FieldType.TIME: FieldTypeRow(
        fhir_value="valueTime",
        is_moment=True,
        refusal="it is not a time; type it like 14:30 or 1430",
        keying_example="1430",
        specimen="14:30",
    ),
    FieldType.DATE_TIME: FieldTypeRow(
        fhir_value="valueDateTime",
        is_moment=True,
        refusal="it is not a date and time; type it like 02/11/26 14:30 or 021126 1430",
        keying_example="021126 1430",
        paper_hint="24 h",
        specimen="02-Nov-2026 14:30",
    ),
    FieldType.GROUP: FieldTypeRow(
        mark=PrintedMark.GROUP, own_key="item", can_be_drawn=False, is_answered=False
    ),
    FieldType.DISPLAY: FieldTypeRow(mark=PrintedMark.NOTE, can_be_drawn=False, is_answered=False),
}
