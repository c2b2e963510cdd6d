"""Places as rows of a table, and rows as places: nothing else of a definition changes."""

import yaml

from downtime.paper.forms import load_form as forms
from downtime.paper.forms.field_placement import BoxRow, begin_definition, list_rows, place_fields

PDF = [
    {"name": "Patient name!", "page": 1, "kind": "text"},
    {"name": "Ticked", "page": 2, "kind": "tick"},
    {"name": "ticked", "page": 2, "kind": "tick"},
    {"name": "***", "page": 1, "kind": "text"},
]


def problems(form):
    return forms.check_text(form["name"], yaml.safe_dump(form, sort_keys=False))


def test_a_definition_is_begun_with_the_fields_of_the_pdf():
    form = begin_definition("own-form", PDF)
    assert problems(form) == []
    assert [(item["linkId"], item["type"]) for item in form["item"]] == [
        ("patient-name", "string"),
        ("ticked", "boolean"),
        ("ticked-2", "boolean"),
        ("field", "string"),
    ]


def test_rows_that_are_not_touched_change_nothing():
    form = {
        **begin_definition("own", []),
        "place": {"patient.label": {"x": 1, "y": 2, "width": 80, "height": 40}},
        "item": [
            {"linkId": "g", "type": "group", "layout": "ticks", "item": [
                {"linkId": "a", "text": "A", "type": "boolean", "code": "X",
                 "place": {"x": 1, "y": 2.5, "width": 3, "height": 4, "page": 2}},
                {"linkId": "b", "text": "B", "type": "choice",
                 "answerOption": [{"code": "l", "display": "L"}, {"code": "r", "display": "R"}],
                 "place": {"l": {"x": 1, "y": 1, "width": 1, "height": 1}}},
            ]},
            {"linkId": "d", "text": "Words", "type": "display"},
            {"linkId": "e", "text": "E", "type": "text", "place": {"field": "Name"}},
            {"linkId": "f", "text": "F", "type": "date"},
        ],
    }  # fmt: skip
    assert problems(form) == []
    assert place_fields(form, list_rows(form)) == form


def test_a_group_that_lost_its_last_field_goes_too():
    form = {
        **begin_definition("own", []),
        "item": [
            {
                "linkId": "g",
                "type": "group",
                "item": [{"linkId": "a", "text": "A", "type": "string"}],
            }
        ],
    }
    printed = place_fields(form, [BoxRow("z", "Z", x="1", y="1", width="5", height="5")])
    assert [item["linkId"] for item in printed["item"]] == ["z"]


def test_an_option_that_is_drawn_makes_a_choice():
    printed = place_fields(
        begin_definition("own", []), [BoxRow("side=l", "Left", x="1", y="1", width="5", height="5")]
    )
    assert printed["item"] == [
        {
            "linkId": "side",
            "text": "Side",
            "type": "choice",
            "answerOption": [{"code": "l", "display": "Left"}],
            "place": {"l": {"x": 1.0, "y": 1.0, "width": 5.0, "height": 5.0}},
        }
    ]
