"""The forms of this installation, and whether a new one can be used."""

from pathlib import Path

import click

from downtime.cli.app import Output, Session, command, group
from downtime.paper import definition

forms = group("forms", "The paper forms of this installation.")


@command(forms, "list", action="public")
def list_(session: Session) -> Output:
    """Every form, how it is keyed back, and what it is for.

    Keyed back in full, in part, or only filed (scan).
    """
    found = sorted(definition.definitions().values(), key=lambda form: form.name)
    lines = [f"{form.name:<24} v{form.version:<4} {form.policy:<5} {form.title}" for form in found]
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
            for form in found
        ],
        lines,
    )


@command(forms, "check", action="public")
@click.argument(
    "files",
    nargs=-1,
    required=True,
    metavar="FILE...",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
def check(session: Session, files: tuple[Path, ...]) -> Output:
    """Say by file and line what is wrong with a form's definition; exit 1 if anything is."""
    found = [problem for file in files for problem in definition.check(file)]
    lines = [str(problem) for problem in found]
    document = [{"file": p.file, "line": p.line, "problem": p.sentence} for p in found]
    return Output(document, lines or ["These forms can be used."], 1 if found else 0)
