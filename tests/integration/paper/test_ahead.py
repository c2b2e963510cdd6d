"""Forms are laid out before anybody prints."""

from downtime.errors import InputError
from downtime.paper import store
from downtime.paper.forms.definition import definitions
from downtime.paper.layout import layouts
from downtime.paper.packs import ahead
from downtime.paper.packs.pack import blank_forms


def test_every_form_is_laid_out_once_and_printed_on_that_layout(vault, settings, who, tmp_path):
    some = {name: definitions()[name] for name in ("observations", "incident-log")}
    made = list(ahead.lay_out_all(vault, settings))
    assert set(some) < set(made)
    assert len(made) == len(set(definitions())) + 2
    assert list(ahead.lay_out_all(vault, settings)) == []
    kept = {
        name: layouts.layout_digest(form, vault.home, "Hospital No.") for name, form in some.items()
    }
    with open(tmp_path / "blank.pdf", "wb") as out:
        blank_forms(vault, settings, tuple(some), 1, who, "Test", out)
    assert {row.form: row.layout for row in store.forms(vault.db, "1")} == kept


def test_a_form_that_cannot_be_laid_out_keeps_no_other_waiting(vault, settings, monkeypatch):
    first, *others = definitions()

    def lay_out(form, home, settings):
        if form.name == first:
            raise InputError("background.field", "The PDF has no such field.", "Correct the name.")
        return layouts.layout_of(form, home, settings)

    monkeypatch.setattr(ahead, "layout_of", lay_out)
    assert set(ahead.lay_out_all(vault, settings)) == {*others, "flow"}
