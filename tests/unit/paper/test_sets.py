"""Form sets: what comes with the program exists, what a site says counts, nothing is guessed."""

from types import MappingProxyType

import pytest

from downtime.errors import InputError
from downtime.paper.forms import form_sets
from downtime.paper.forms.load_form import load_forms
from downtime.paper_settings import PaperSettings
from downtime.settings import Settings

TYPES = (
    "adult", "maternity", "emergency", "theatres", "outpatients", "laboratory", "children",
    "intensive-care", "mental-health",
)  # fmt: skip


def having(**paper):
    return Settings(paper=PaperSettings(**{k: MappingProxyType(v) for k, v in paper.items()}))


def test_every_type_of_ward_has_a_set_of_forms_that_exist():
    found = form_sets.load_form_sets(Settings())
    assert tuple(found) == TYPES
    for one in found.values():
        named = {*one.patient, *one.blanks, *filter(None, [one.session])}
        assert named <= set(load_forms())
        assert one.blanks


def test_a_ward_is_adult_unless_the_settings_say_otherwise():
    settings = having(ward_types={"ASH": "maternity"})
    found = form_sets.get_ward_sets(settings, ["ASH", "MATERNITY", "ED"])
    assert {ward: one.name for ward, one in found.items()} == {
        "ASH": "maternity", "MATERNITY": "adult", "ED": "adult",
    }  # fmt: skip


def test_a_list_has_its_own_set_unless_its_place_has_a_type():
    settings = having(ward_types={"Antenatal": "maternity"})
    assert form_sets.get_session_set(settings, "Fracture clinic", "clinic").name == "outpatients"
    assert form_sets.get_session_set(settings, "Theatre 1", "theatre").name == "theatres"
    assert form_sets.get_session_set(settings, "Antenatal", "clinic").name == "maternity"


def test_a_sites_own_set_stands_in_place_of_the_other():
    own = {"adult": {"patient": ["observations"], "spares": {"admission": 2}}}
    found = form_sets.load_form_sets(having(sets=own))
    assert (found["adult"].patient, found["adult"].blanks) == (("observations",), {"admission": 2})
    assert found["maternity"] == form_sets.load_form_sets(Settings())["maternity"]


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"patient": ["no-such-form"]}, "no-such-form"),
        ({"spares": {"admission": "many"}}, "admission"),
        ({"spare": {"admission": 1}}, "spare"),
        ({"patient": ["census"]}, "no single patient"),
        ("observations", "table"),
    ],
)
def test_a_mistake_in_a_set_is_named(table, said):
    with pytest.raises(InputError, match=said):
        form_sets.load_form_sets(having(sets={"adult": table}))


def test_a_type_without_a_set_is_named():
    with pytest.raises(InputError, match="ASH.*burns"):
        form_sets.get_ward_sets(having(ward_types={"ASH": "burns"}), ["ASH"])
