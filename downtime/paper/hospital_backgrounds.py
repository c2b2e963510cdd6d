"""The hospital's own PDFs, kept in its home, and the places that are drawn on them."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from downtime.config import Home
from downtime.errors import ConflictError
from downtime.paper.approve_form import propose_form
from downtime.paper.forms import field_placement, hospital_forms
from downtime.paper.forms.background import (
    NOT_SURVEYED,
    BackgroundPdf,
    BackgroundSurvey,
    open_background,
)
from downtime.paper.forms.form_schema import NAME
from downtime.paper.forms.load_form import parse_form, read_form
from downtime.paper.layout.lay_out_form import lay_out_form
from downtime.paper.model import AuditAction
from downtime.paper.policies import check_can_make_own_forms
from downtime.paper_settings import PaperSettings
from downtime.settings import Settings
from downtime.vault.files import make_private_folder, write_atomic
from downtime.vault.model import Actor
from downtime.vault.vault import Vault


def add_background(
    vault: Vault, name: str, content: bytes, settings: PaperSettings, actor: Actor
) -> Path:
    """Keep a PDF as the background `name`; InputError when it cannot be one, ConflictError off a publisher.

    A form that stood on another PDF of that name is to be approved anew.
    """
    check_can_make_own_forms(vault.home)
    hospital_forms.check_name(name)
    folder = vault.home.forms_folder
    make_private_folder(folder)
    with TemporaryDirectory(dir=folder, prefix=".check-") as check_folder:
        aside = Path(check_folder) / f"{name}.pdf"
        aside.write_bytes(content)
        open_background(aside, settings)
    path = folder / f"{name}.pdf"
    with vault.change(actor, AuditAction.FORM_BACKGROUND, target=name):
        write_atomic(path, content)
    return path


def list_backgrounds(home: Home) -> dict[str, Path]:
    """The PDFs of this home, by name."""
    return {
        path.stem: path
        for path in sorted(home.forms_folder.glob("*.pdf"))
        if NAME.fullmatch(path.stem)
    }


def is_placed(home: Home, name: str) -> bool:
    """Whether places were drawn on a PDF and kept."""
    return (home.forms_folder / f"{name}.yaml").exists()


def load_placement(
    home: Home, name: str, sheet: BackgroundPdf, survey: BackgroundSurvey = NOT_SURVEYED
) -> dict[str, Any]:
    """The definition of a PDF's places as it is, or one to start from; ConflictError.

    To start from: what every form has stands where the `survey` found that nothing is printed.
    """
    path = home.forms_folder / f"{name}.yaml"
    if not is_placed(home, name):
        places = {key: place for key, place in survey.places.items() if place}
        return field_placement.begin_definition(name, sheet.fields, places)
    form = read_form(path)
    if form.background != f"{name}.pdf":
        raise ConflictError(
            "place.other",
            f"The form '{name}' is not printed on {name}.pdf.",
            "Give the PDF another name.",
        )
    definition: dict[str, Any] = yaml.safe_load(form.source)
    return definition


def save_placement(vault: Vault, settings: Settings, form: Mapping[str, Any], actor: Actor) -> Path:
    """Keep a definition whose places were drawn, as its author; InputError names its first mistake.

    ConflictError on a machine that is no publisher: nothing is changed there, so that no approval ends.
    Comments of a file that was written by hand do not survive it.
    """
    check_can_make_own_forms(vault.home)
    field_placement.check_has_field(form)
    name = str(form["name"])
    text = yaml.safe_dump(dict(form), sort_keys=False, allow_unicode=True, width=100)
    hospital_forms.check_definition(name, text)
    lay_out_form(parse_form(text), vault.home, settings)
    with vault.change(actor, AuditAction.FORM_SAVE, target=name, reason="places drawn on screen"):
        path = hospital_forms.save_form(vault.home, name, text, replace=True)
    propose_form(vault, name, actor)
    return path
