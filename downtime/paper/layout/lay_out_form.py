"""The layout of any form: drawn by the project's template, or on a hospital's own PDF."""

from downtime.config import Home
from downtime.paper.forms.background import find_background
from downtime.paper.forms.model import FormDefinition
from downtime.paper.layout.background_layout import background_digest, background_layout
from downtime.paper.layout.model import FormLayout
from downtime.paper.layout.template_layout import form_digest, form_layout
from downtime.settings import Settings


def layout_digest(form: FormDefinition, home: Home | None, mrn_name: str) -> str:
    """What the layout depends on, as one SHA-256; NotFoundError when the background is not there."""
    if not form.background:
        return form_digest(form, mrn_name)
    return background_digest(form, find_background(form, home).read_bytes(), mrn_name)


def lay_out_form(form: FormDefinition, home: Home | None, settings: Settings) -> FormLayout:
    """Lay a form out now; InputError when its background, or a place on it, cannot be used."""
    mrn_name = settings.site.mrn_name
    if not form.background:
        return form_layout(form, mrn_name)
    return background_layout(form, find_background(form, home), settings.paper, mrn_name)
