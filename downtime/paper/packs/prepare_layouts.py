"""Lay forms out before anybody prints: each takes a third of a second, once for each version."""

from collections.abc import Iterator

from downtime.errors import UserError
from downtime.paper.forms.load_form import load_forms
from downtime.paper.layout.lay_out_form import lay_out_form, layout_digest
from downtime.paper.layout.model import FormLayout
from downtime.paper.layout.template_layout import flow_digest, flow_layout
from downtime.paper.store import layouts
from downtime.settings import Settings
from downtime.vault.database import transaction
from downtime.vault.vault import Vault


def prepare_layouts(vault: Vault, settings: Settings) -> Iterator[str]:
    """Lay out and keep, one by one, what was never printed here; yields names.

    A form that cannot be laid out is skipped: whoever prints or checks it is told why.
    """
    mrn_name = settings.site.mrn_name
    for identity in (True, False):
        if not layouts.has_layout(vault.db, flow_digest(identity, mrn_name)):
            layout = flow_layout(identity, mrn_name)
            _save(vault, layout, "")
            yield layout.form
    for form in load_forms(vault.home).values():
        try:
            if layouts.has_layout(vault.db, layout_digest(form, vault.home, mrn_name)):
                continue
            layout = lay_out_form(form, vault.home, settings)
        except UserError:
            continue
        _save(vault, layout, form.source)
        yield form.name


def _save(vault: Vault, layout: FormLayout, source: str) -> None:
    with transaction(vault.db) as db:
        layouts.insert_layout(db, layout, source, vault.now())
