"""What the scan of a form shows, for the screen on which it is keyed."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import astuple
from typing import Any

from downtime.entry.keyed_form import KeyedForm
from downtime.entry.page_ink import WHOLE_PAGE, FormInk, InkPlace
from downtime.entry.validation import field_label
from downtime.scanning.page_reading import GATE_REASONS


def describe_ink(
    opened: KeyedForm, ink: FormInk, answers: Mapping[str, str], *, is_asked: bool
) -> dict[str, Any]:
    """What the scan shows: marks by field, pages that a person reads whole, and ink that is not keyed.

    Fields with ink and no answer are named once the form was sent; until then they are just not keyed yet.
    """
    unkeyed = ink.list_unkeyed(opened, answers)
    labels = {
        key: field_label(item, key) for item in opened.keyed_items for key in item.answer_keys()
    }
    mark_by_key = ink.find_marks()
    return {
        "unseen_keys": ink.hidden & labels.keys(),
        "marks": mark_by_key,
        "mark_counts": Counter(mark for key, mark in mark_by_key.items() if key in labels),
        "gates": {n: GATE_REASONS[r.gate] for n, r in ink.readings.items() if r.gate},
        "ink_places": [
            {
                "name": place.name,
                "label": _word_place(place, labels),
                "position": _write_position(place),
                "page": place.page,
            }
            for place in unkeyed
            if is_asked or not place.key
        ],
    }


def _word_place(place: InkPlace, labels: Mapping[str, str]) -> str:
    if place.place == WHOLE_PAGE:
        return "the whole page, which could not be measured"
    return labels.get(place.key, "outside every field")


def _write_position(place: InkPlace) -> str:
    """Where its own picture is cut out; none of a whole page, which stands beside the fields anyway."""
    is_whole = place.place == WHOLE_PAGE
    return "" if is_whole else json.dumps([place.page, *astuple(place.place)])
