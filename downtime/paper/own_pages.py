"""The hospital's own PDFs, kept in its home, and the places that are drawn on them."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from downtime.config import Home
from downtime.errors import ConflictError
from downtime.paper.forms import own_forms, placing
from downtime.paper.forms.background import Sheet, open_sheet
from downtime.paper.forms.definition import from_text, read
from downtime.paper.forms.form_file import NAME
from downtime.paper.layout.layouts import layout_of
from downtime.settings import PaperSettings, Settings
from downtime.vault.audit import Actor
from downtime.vault.files import make_private, write_atomic
from downtime.vault.vault import Vault


def add_background(home: Home, name: str, content: bytes, settings: PaperSettings) -> Path:
    """Keep a PDF as the background `name`; InputError when it cannot be one."""
    own_forms.check_name(name)
    make_private(home.forms)
    with TemporaryDirectory(dir=home.forms, prefix=".check-") as folder:
        aside = Path(folder) / f"{name}.pdf"
        aside.write_bytes(content)
        open_sheet(aside, settings)
    path = home.forms / f"{name}.pdf"
    write_atomic(path, content)
    return path


def backgrounds(home: Home) -> dict[str, Path]:
    """The PDFs of this home, by name."""
    return {
        path.stem: path for path in sorted(home.forms.glob("*.pdf")) if NAME.fullmatch(path.stem)
    }


def begin_placed(home: Home, name: str, sheet: Sheet) -> dict[str, Any]:
    """The definition of a PDF's places as it is, or one to start from; ConflictError."""
    path = home.forms / f"{name}.yaml"
    if not path.exists():
        return placing.begun(name, sheet.fields)
    form = read(path)
    if form.background != f"{name}.pdf":
        raise ConflictError(
            "place.other",
            f"The form '{name}' is not printed on {name}.pdf.",
            "Give the PDF another name.",
        )
    found: dict[str, Any] = yaml.safe_load(form.source)
    return found


def save_placed(vault: Vault, settings: Settings, form: Mapping[str, Any], who: Actor) -> Path:
    """Keep a definition whose places were drawn; InputError names its first mistake.

    Comments of a file that was written by hand do not survive it.
    """
    name = str(form["name"])
    text = yaml.safe_dump(dict(form), sort_keys=False, allow_unicode=True, width=100)
    own_forms.check_whole(name, text)
    layout_of(from_text(text), vault.home, settings)
    with vault.change(who, "form.save", target=name, why="places drawn on screen"):
        return own_forms.save(vault.home, name, text, replace=True)
