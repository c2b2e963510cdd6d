"""The forms of this installation and home, and whether they can be used."""

from pathlib import Path

import click

from downtime.accounts.model import Permission
from downtime.cli.program import forms
from downtime.cli.session import Output, Session, command
from downtime.paper.forms import load_form
from downtime.paper.packs import prepare_layouts


@command(forms, "list", permission=Permission.PUBLIC)
def list_(session: Session) -> Output:
    """Every form with its version, how it is keyed back, and its title.

    Keyed back in full, in part, or not at all (scan). The home's own forms are among them; one with
    a mistake is left out, and 'downtime forms check' says why.
    """
    forms = sorted(load_form.load_forms(session.existing_home).values(), key=lambda form: form.name)
    lines = [f"{form.name:<28} v{form.version:<4} {form.policy:<5} {form.title}" for form in forms]
    return Output(
        [
            {
                "name": form.name,
                "version": form.version,
                "title": form.title,
                "purpose": form.purpose,
                "policy": form.policy,
                "record": form.record,
                "system": form.system,
                "fields": len(form.fields()),
            }
            for form in forms
        ],
        lines,
    )


@command(forms, "check", permission=Permission.PUBLIC)
@click.argument(
    "files",
    nargs=-1,
    metavar="[FILE]...",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
def check(session: Session, files: tuple[Path, ...]) -> Output:
    """Say by file and line what is wrong with forms; exit 1 if anything is.

    Without FILE every form of this installation and home is checked.
    """
    if files:
        problems = [problem for file in files for problem in load_form.check_file(file)]
    else:
        problems = load_form.find_all_problems(session.existing_home)
    document = [{"file": p.file, "line": p.line, "problem": p.sentence} for p in problems]
    good = "Every form can be used."
    return Output(document, [str(problem) for problem in problems] or [good], 1 if problems else 0)


@command(forms, "ready", permission=Permission.FORM_PRINT)
def ready(session: Session) -> Output:
    """Lay out now what was never printed here, so that the first pack need not wait for it.

    'downtime serve' does so by itself once somebody has signed in.
    """
    names = list(prepare_layouts.prepare_layouts(session.vault, session.settings))
    return Output({"laid_out": names}, [f"{len(names)} laid out; every form is ready to print."])
