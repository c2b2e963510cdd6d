"""Words to choose from while typing: for a test's name, those that the site's own forms ask for."""

from downtime.config import Home
from downtime.paper.forms.load_form import load_forms
from downtime.paper.forms.model import FormDefinition

SEARCHED = 8
"""A choice with more options than this is searched by typing; a shorter one is a list."""


def suggest_test_names(form: FormDefinition, home: Home) -> dict[str, list[str]]:
    """By linkId: for fields that name a test, what the forms of the same system call theirs."""
    named = [i for i in form.fields() if i.type == "string" and i.maps == "display" and i.keyed]
    if not named:
        return {}
    test_names = {
        item.text
        for known in load_forms(home).values()
        if known.system == form.system
        for item in known.fields()
        if item.code and item.text and item.maps != "display"
    }
    return {item.link_id: sorted(test_names) for item in named}
