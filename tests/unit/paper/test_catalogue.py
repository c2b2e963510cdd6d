"""The forms that come with the project, as one set."""

from downtime.paper.forms.load_form import load_form, load_forms
from downtime.paper.forms.model import FormDefinition

ROLES = ("nurse in charge", "site manager", "laboratory liaison", "runner", "loggist",
         "ward clerk", "doctor")  # fmt: skip
SYSTEMS = ("PAS", "EPR", "LIMS", "radiology", "theatres")
BINDER = "binder-list"


def words(form: FormDefinition) -> list[str]:
    return [word for group in form.items for item in group.items for word in item.row_texts]


def test_the_binder_list_names_every_form():
    """Whoever adds a form adds it to the binder, or no ward will ever have it there."""
    others = {form.title for name, form in load_forms().items() if name != BINDER}
    assert others - set(words(load_form(BINDER))) == set()


def test_each_role_and_each_system_has_an_action_card():
    cards = [form.title for form in load_forms().values() if form.title.startswith("Action card")]
    for wanted in (*ROLES, *SYSTEMS):
        assert sum(wanted in title for title in cards) == 1, wanted


WIDE_CHARTS = {"anaesthetic-record", "drug-chart-regular", "fluid-balance", "intensive-care-chart"}


def test_only_charts_of_many_columns_lie_across_among_the_forms_about_one_patient():
    """Identity stands at the same place on every other sheet of a patient."""
    across = {f.name for f in load_forms().values() if f.orientation == "landscape"}
    assert {name for name in across if load_form(name).identity} == WIDE_CHARTS


def test_blood_is_asked_for_on_the_transfusion_request_alone():
    """A group and save on another form comes with a printed label for its tube."""
    offering = {
        form.name
        for form in load_forms().values()
        for item in form.fields()
        if form.record == "ServiceRequest" and item.code in ("GS", "XM")
    }
    assert offering == {"transfusion-request"}
