"""Forms are laid out before anybody prints."""

from downtime.errors import InputError
from downtime.paper import ledger
from downtime.paper.forms.load_form import load_forms
from downtime.paper.layout import lay_out_form
from downtime.paper.packs import prepare_layouts
from downtime.paper.packs.blank_forms import BlankForms
from downtime.paper.packs.print_pack import print_pack


def test_every_form_is_laid_out_once_and_printed_on_that_layout(vault, settings, actor, tmp_path):
    some = {name: load_forms()[name] for name in ("observations", "incident-log")}
    printed = list(prepare_layouts.prepare_layouts(vault, settings))
    assert set(some) < set(printed)
    assert len(printed) == len(set(load_forms())) + 2
    assert list(prepare_layouts.prepare_layouts(vault, settings)) == []
    stored = {
        name: lay_out_form.layout_digest(form, vault.home, "Hospital No.")
        for name, form in some.items()
    }
    with open(tmp_path / "blank.pdf", "wb") as out:
        print_pack(vault, settings, BlankForms(forms=tuple(some), copies=1), actor, "Test", out)
    assert {row.form: row.layout for row in ledger.list_forms(vault)} == stored


def test_a_form_that_cannot_be_laid_out_keeps_no_other_waiting(vault, settings, monkeypatch):
    first, *others = load_forms()

    def lay_out(form, home, settings):
        if form.name == first:
            raise InputError("background.field", "The PDF has no such field.", "Correct the name.")
        return lay_out_form.lay_out_form(form, home, settings)

    monkeypatch.setattr(prepare_layouts, "lay_out_form", lay_out)
    assert set(prepare_layouts.prepare_layouts(vault, settings)) == {*others, "flow"}
