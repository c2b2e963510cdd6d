"""The forms of this installation and home: look at them, check them, make and exchange one's own."""

from pathlib import Path

import click

from downtime.accounts.model import Permission
from downtime.cli.options import EXISTING_FILE, FILE, REASON, out_option
from downtime.cli.program import forms
from downtime.cli.session import Output, Session, command, pick
from downtime.config import Home
from downtime.paper import approve_form, hospital_backgrounds, policies
from downtime.paper.forms import form_approval, hospital_forms, load_form
from downtime.paper.forms.form_approval import FormApproval
from downtime.paper.packs import prepare_layouts, preview_form
from downtime.vault import keys
from downtime.vault.files import replace_atomically, write_atomic


@command(forms, "list", permission=Permission.PUBLIC)
def list_(session: Session) -> Output:
    """Every form with its version, how it is keyed back, and its title.

    Keyed back in full, in part, or not at all (scan). The home's own forms are among them; one with
    a mistake is left out, and 'downtime forms check' says why.
    """
    forms = sorted(load_form.load_forms(session.existing_home).values(), key=lambda form: form.name)
    names = ("name", "version", "title", "purpose", "policy", "record", "system")
    return Output.of_rows(
        forms,
        lambda form: pick(form, *names) | {"fields": len(form.fields())},
        lambda form: f"{form.name:<28} v{form.version:<4} {form.policy:<5} {form.title}",
    )


@command(forms, "check", permission=Permission.PUBLIC)
@click.argument("files", nargs=-1, metavar="[FILE]...", type=EXISTING_FILE)
def check(session: Session, files: tuple[Path, ...]) -> Output:
    """Say by file and line what is wrong with forms; exit 1 if anything is.

    Without FILE every form of this installation and home is checked.
    """
    if files:
        problems = [problem for file in files for problem in load_form.check_file(file)]
    else:
        problems = load_form.find_all_problems(session.existing_home)
    return Output.of_rows(
        problems,
        lambda problem: pick(problem, "file", "line", problem="sentence"),
        str,
        "Every form can be used.",
        1 if problems else 0,
    )


@command(forms, "ready", permission=Permission.FORM_PRINT)
def ready(session: Session) -> Output:
    """Lay out now what was never printed here, so that the first pack need not wait for it.

    'downtime serve' does so by itself once somebody has signed in.
    """
    names = list(prepare_layouts.prepare_layouts(session.vault, session.settings))
    return Output({"laid_out": names}, [f"{len(names)} laid out; every form is ready to print."])


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
@out_option("PDF to write.")
def preview(session: Session, name: str, out: Path) -> Output:
    """Show a form with every field filled with invented values, marked SPECIMEN.

    It is in no ledger, and its codes are those of no page.
    """
    form = load_form.load_form(name, session.existing_home)
    with replace_atomically(out) as file:
        pages = preview_form.preview_form(
            form, session.existing_home, session.settings_or_default, session.clock(), file
        )
    digest = form_approval.find_form_digest(form, session.home) if form.background else ""
    return Output(
        {"name": name, "version": form.version, "pages": pages, "out": str(out), "digest": digest},
        [
            f"{form.title}, version {form.version}: {pages} page(s) in {out}.",
            *_digest_lines(digest),
        ],
    )


@command(forms, "export", permission=Permission.PUBLIC)
@click.argument("name")
@out_option("JSON to write.")
def export(session: Session, name: str, out: Path) -> Output:
    """Write a form as a FHIR R4 Questionnaire."""
    write_atomic(out, hospital_forms.export_questionnaire(name, session.existing_home))
    return Output({"name": name, "out": str(out)}, [f"Wrote the Questionnaire '{name}' to {out}."])


@command(forms, "import", permission=Permission.PUBLIC)
@FILE
@click.option("--replace", is_flag=True, help="Replace the home's form of that name.")
def import_(session: Session, file: Path, replace: bool) -> Output:
    """Take over a FHIR R4 Questionnaire as a form of this home's own.

    Says what paper cannot do as the Questionnaire has it, and was changed.
    """
    path, notes = hospital_forms.import_questionnaire(_home(session), file, replace=replace)
    return Output({"file": str(path), "changed": notes}, [f"Wrote {path}.", *notes])


@command(forms, "place", permission=Permission.CONFIG_MANAGE)
@FILE
@click.option("--name", default="", help="Name of the form; else that of the file.")
def place(session: Session, file: Path, name: str) -> Output:
    """Take over a PDF as the page of a form, and say where its fields are drawn.

    An administrator opens the address while 'downtime serve' runs.
    """
    web = session.settings.web
    chosen = name or file.stem.lower()
    path = hospital_backgrounds.add_background(
        session.vault, chosen, file.read_bytes(), session.settings.paper, session.actor
    )
    address = f"http://{web.host}:{web.port}/forms/place/{chosen}"
    return Output(
        {"name": chosen, "file": str(path), "address": address},
        [f"Took over {path}.", f"Draw its fields at {address}"],
    )


@command(forms, "propose", permission=Permission.CONFIG_MANAGE)
@click.argument("name")
def propose(session: Session, name: str) -> Output:
    """Stand for a form on your own PDF as its author, as its files are now. On a publisher.

    Saving it on the screen does the same; another person approves it.
    """
    approval = approve_form.propose_form(session.vault, name, session.actor)
    return _approval_output(session, approval)


@command(forms, "approve", permission=Permission.FORM_APPROVE)
@click.argument("name")
@click.option(
    "--review", required=True, metavar="DAY", help="When it is looked at again: 2027-01-31."
)
@click.option(
    "--digest", required=True, metavar="DIGITS", help="What 'downtime forms preview' says below it."
)
@REASON
def approve(session: Session, name: str, review: str, digest: str, reason: str) -> Output:
    """Approve a form on your own PDF that another person made; it is printed from now on. On a publisher.

    Look at its preview before: the form with those digits is approved, and no other. A change of its
    definition or PDF ends the approval.
    """
    form = load_form.load_form(name, session.home)
    policies.check_needs_approval(form)
    now = form_approval.find_form_digest(form, session.home)
    approval = approve_form.approve_form(
        session.vault,
        session.settings,
        name,
        now if digest.lower() in (now, now[: form_approval.DIGITS]) else digest,
        review,
        session.actor,
        reason,
    )
    return _approval_output(session, approval)


def _approval_output(session: Session, approval: FormApproval) -> Output:
    names = ("form", "version", "digest", "author_name", "authored", "approver_name", "approved")
    form = load_form.load_form(approval.form, session.home)
    return Output(
        pick(approval, *names, "review"),
        [approve_form.describe_approval(form, approval), *_digest_lines(approval.digest)],
    )


def _digest_lines(digest: str) -> list[str]:
    """What was looked at, so that the same is approved."""
    return [f"SHA-256 of PDF and places: {digest[: form_approval.DIGITS]}"] if digest else []


def _home(session: Session) -> Home:
    """The home, which has to be there."""
    keys.check_home_exists(session.home)
    return session.home
