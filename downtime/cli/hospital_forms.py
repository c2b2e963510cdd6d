"""Make, look at, and exchange forms of a hospital's own."""

from pathlib import Path

import click

from downtime.accounts.model import Permission
from downtime.cli.options import NewFile
from downtime.cli.program import forms
from downtime.cli.session import Output, Session, command
from downtime.config import Home
from downtime.paper import hospital_backgrounds
from downtime.paper.forms import hospital_forms
from downtime.paper.forms.load_form import load_form
from downtime.paper.packs import preview_form
from downtime.vault import keys
from downtime.vault.files import replace_atomically, write_atomic


@command(forms, "new", permission=Permission.PUBLIC)
@click.argument("name")
def new(session: Session, name: str) -> Output:
    """Begin a form of this home's own: writes a definition with explanations, to be changed."""
    path = hospital_forms.create_form(_home(session), name)
    return Output(
        {"name": name, "file": str(path)},
        [
            f"Wrote {path}.",
            f"Change it, check it with 'downtime forms check {path}',"
            f" and look at it with 'downtime forms preview {name} --out preview.pdf'.",
        ],
    )


@command(forms, "preview", permission=Permission.PUBLIC)
@click.argument("name")
@click.option("--out", required=True, type=NewFile(), metavar="FILE", help="PDF to write.")
def preview(session: Session, name: str, out: Path) -> Output:
    """Show a form with every field filled with invented values, marked SPECIMEN.

    It is in no ledger, and its codes are those of no page.
    """
    form = load_form(name, session.existing_home)
    with replace_atomically(out) as file:
        pages = preview_form.preview_form(
            form, session.existing_home, session.settings_or_default, session.clock(), file
        )
    return Output(
        {"name": name, "version": form.version, "pages": pages, "out": str(out)},
        [f"{form.title}, version {form.version}: {pages} page(s) in {out}."],
    )


@command(forms, "export", permission=Permission.PUBLIC)
@click.argument("name")
@click.option("--out", required=True, type=NewFile(), metavar="FILE", help="JSON to write.")
def export(session: Session, name: str, out: Path) -> Output:
    """Write a form as a FHIR R4 Questionnaire."""
    write_atomic(out, hospital_forms.export_questionnaire(name, session.existing_home))
    return Output({"name": name, "out": str(out)}, [f"Wrote the Questionnaire '{name}' to {out}."])


@command(forms, "import", permission=Permission.PUBLIC)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--replace", is_flag=True, help="Replace the home's form of that name.")
def import_(session: Session, file: Path, replace: bool) -> Output:
    """Take over a FHIR R4 Questionnaire as a form of this home's own.

    Says what paper cannot do as the Questionnaire has it, and was changed.
    """
    path, notes = hospital_forms.import_questionnaire(_home(session), file, replace=replace)
    return Output({"file": str(path), "changed": notes}, [f"Wrote {path}.", *notes])


@command(forms, "place", permission=Permission.PUBLIC)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--name", default="", help="Name of the form; else that of the file.")
def place(session: Session, file: Path, name: str) -> Output:
    """Take over a PDF as the page of a form, and say where its fields are drawn.

    An administrator opens the address while 'downtime serve' runs.
    """
    home, web = _home(session), session.settings.web
    chosen = name or file.stem.lower()
    path = hospital_backgrounds.add_background(
        home, chosen, file.read_bytes(), session.settings.paper
    )
    address = f"http://{web.host}:{web.port}/forms/place/{chosen}"
    return Output(
        {"name": chosen, "file": str(path), "address": address},
        [f"Took over {path}.", f"Draw its fields at {address}"],
    )


def _home(session: Session) -> Home:
    """The home, which has to be there."""
    keys.check_home_exists(session.home)
    return session.home
