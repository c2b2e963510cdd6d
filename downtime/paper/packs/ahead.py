"""Lay forms out before anybody prints: each takes a third of a second, once for each version."""

from collections.abc import Iterator

from downtime.errors import UserError
from downtime.paper import store
from downtime.paper.forms.definition import definitions
from downtime.paper.forms.questionnaire import FormDefinition
from downtime.paper.layout.layout import Layout, flow_digest, flow_layout
from downtime.paper.layout.layouts import layout_digest, layout_of
from downtime.settings import Settings
from downtime.vault.database import transaction
from downtime.vault.vault import Vault


def lay_out_all(vault: Vault, settings: Settings) -> Iterator[str]:
    """Lay out and keep, one by one, what was never printed here; yields names.

    A form that cannot be laid out is passed over: whoever prints or checks it is told why.
    """
    mrn_name = settings.site.mrn_name
    for identity in (True, False):
        if not store.has_layout(vault.db, flow_digest(identity, mrn_name)):
            made = flow_layout(identity, mrn_name)
            _keep(vault, made, "")
            yield made.form
    for form in definitions(vault.home).values():
        try:
            laid_out = _lay_out(vault, settings, form)
        except UserError:
            continue
        if laid_out is not None:
            _keep(vault, laid_out, form.source)
            yield form.name


def _lay_out(vault: Vault, settings: Settings, form: FormDefinition) -> Layout | None:
    """None when this version is kept already."""
    digest = layout_digest(form, vault.home, settings.site.mrn_name)
    return None if store.has_layout(vault.db, digest) else layout_of(form, vault.home, settings)


def _keep(vault: Vault, made: Layout, source: str) -> None:
    with transaction(vault.db) as db:
        store.insert_layout(db, made, source, vault.now())
