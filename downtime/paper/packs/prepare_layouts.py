"""Lay forms out before anybody prints: each takes a third of a second, once for each version."""

from collections.abc import Iterator

from downtime.errors import UserError
from downtime.paper.forms.load_form import load_forms
from downtime.paper.forms.model import FormDefinition
from downtime.paper.layout.lay_out_form import lay_out_form, layout_digest
from downtime.paper.layout.template_layout import FormLayout, flow_digest, flow_layout
from downtime.paper.store import issued_forms
from downtime.settings import Settings
from downtime.vault.database import transaction
from downtime.vault.vault import Vault


def prepare_layouts(vault: Vault, settings: Settings) -> Iterator[str]:
    """Lay out and keep, one by one, what was never printed here; yields names.

    A form that cannot be laid out is passed over: whoever prints or checks it is told why.
    """
    mrn_name = settings.site.mrn_name
    for identity in (True, False):
        if not issued_forms.has_layout(vault.db, flow_digest(identity, mrn_name)):
            made = flow_layout(identity, mrn_name)
            _save(vault, made, "")
            yield made.form
    for form in load_forms(vault.home).values():
        try:
            laid_out = _lay_out(vault, settings, form)
        except UserError:
            continue
        if laid_out is not None:
            _save(vault, laid_out, form.source)
            yield form.name


def _lay_out(vault: Vault, settings: Settings, form: FormDefinition) -> FormLayout | None:
    """None when this version is kept already."""
    digest = layout_digest(form, vault.home, settings.site.mrn_name)
    return (
        None
        if issued_forms.has_layout(vault.db, digest)
        else lay_out_form(form, vault.home, settings)
    )


def _save(vault: Vault, made: FormLayout, source: str) -> None:
    with transaction(vault.db) as db:
        issued_forms.insert_layout(db, made, source, vault.now())
