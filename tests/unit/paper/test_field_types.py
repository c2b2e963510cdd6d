"""Each field type has one row, and the row does what the type's name says."""

import pytest

from downtime.paper.forms.field_types import FIELD_TYPES
from downtime.paper.forms.load_form import load_forms
from downtime.paper.forms.model import FieldType, FormItem, Option

CHOICE = FormItem(
    link_id="side", type=FieldType.CHOICE, options=(Option("L", "Left"), Option("R", "Right"))
)


def test_every_type_has_a_row():
    assert set(FIELD_TYPES) == set(FieldType)


@pytest.mark.parametrize(
    ("item", "text", "stored"),
    [
        (FormItem(link_id="a", type=FieldType.BOOLEAN), "Yes", "true"),
        (FormItem(link_id="a", type=FieldType.BOOLEAN), "no", ""),
        (CHOICE, "left", "L"),
        (CHOICE, "ri", "R"),
        (FormItem(link_id="a", type=FieldType.DECIMAL, max=42), "36,6", "36.6"),
        (FormItem(link_id="a", type=FieldType.INTEGER), "+7", "+7"),
        (FormItem(link_id="a", type=FieldType.STRING), "As written", "As written"),
    ],
)
def test_typed_text_becomes_what_is_stored(item, text, stored):
    assert FIELD_TYPES[item.type].parse(item, text) == stored


@pytest.mark.parametrize(
    ("item", "text", "sentence"),
    [
        (FormItem(link_id="a", type=FieldType.BOOLEAN), "perhaps", "type yes or no"),
        (CHOICE, "both", "not one of the answers"),
        (FormItem(link_id="a", type=FieldType.DECIMAL, max=42), "43", "above 42"),
        (FormItem(link_id="a", type=FieldType.INTEGER), "1.5", "whole number"),
    ],
)
def test_what_a_type_does_not_allow_is_refused(item, text, sentence):
    with pytest.raises(ValueError, match=sentence):
        FIELD_TYPES[item.type].parse(item, text)


def test_answers_are_worded():
    assert FIELD_TYPES[FieldType.CHOICE].word(CHOICE, "L") == "Left"
    assert FIELD_TYPES[FieldType.BOOLEAN].word(FormItem(link_id="a"), "true") == "yes"
    amount = FormItem(link_id="a", type=FieldType.INTEGER, units="mL")
    assert FIELD_TYPES[FieldType.INTEGER].word(amount, "1000") == "1000 mL"


SCORES = {"coma", "apgar-1", "apgar-5", "apgar-10"}


def test_every_value_that_goes_back_as_a_result_has_a_unit():
    without = {
        item.link_id
        for form in load_forms().values()
        for item in form.fields()
        if item.code
        and FIELD_TYPES[item.type].is_number
        and item.keyed
        and not (item.units or item.ucum)
    }
    assert without == SCORES
