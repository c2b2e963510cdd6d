"""The hospital's own forms, kept in its home: begun, imported from FHIR, saved."""

import json
from pathlib import Path

from downtime.config import Home, data_folder
from downtime.errors import ConflictError, InputError, NotFoundError
from downtime.paper.forms.export_questionnaire import make_questionnaire
from downtime.paper.forms.form_schema import NAME
from downtime.paper.forms.import_questionnaire import QuestionnaireReader
from downtime.paper.forms.load_form import check_text, load_form
from downtime.vault.files import make_private_folder, write_atomic

_MOST_BYTES = 4_194_304


def create_form(home: Home, name: str) -> Path:
    """Write a commented definition to start from; InputError, ConflictError for a name in use."""
    check_name(name)
    text = (data_folder("templates") / "forms" / "new.yaml").read_text(encoding="utf-8")
    title = name.replace("-", " ").capitalize()
    return save_form(home, name, text.replace("{name}", name).replace("{title}", title))


def save_form(home: Home, name: str, text: str, *, replace: bool = False) -> Path:
    """Keep a definition in the home; ConflictError when it has that form and may not `replace` it.

    InputError when the definition has a mistake.
    """
    check_name(name)
    path = home.forms_folder / f"{name}.yaml"
    if path.exists() and not replace:
        raise ConflictError(
            "form.exists",
            f"This home has a form '{name}' already.",
            "Choose another name, or say that it is to be replaced.",
        )
    check_definition(name, text)
    make_private_folder(home.forms_folder)
    write_atomic(path, text.encode())
    return path


def import_questionnaire(
    home: Home, file: Path, *, replace: bool = False
) -> tuple[Path, list[str]]:
    """Keep a FHIR Questionnaire as a form; where it is, and a sentence for each change to it.

    InputError when the file is none; ConflictError as `save_form`, and for the name of a form on the hospital's
    own PDF: two people stand for that one, and it is to be printed as it was approved.
    """
    read = _read(file)
    if _is_on_own_pdf(home, read.name):
        raise ConflictError(
            "form.own-pdf",
            f"The form '{read.name}' stands on a PDF of your own, and is not replaced by an import.",
            "Give the imported form another name (its 'name'), or draw the PDF's fields anew.",
        )
    return save_form(home, read.name, read.text, replace=replace), read.notes


def _is_on_own_pdf(home: Home, name: str) -> bool:
    try:
        return bool(load_form(name, home).background)
    except (NotFoundError, InputError):
        return False


def export_questionnaire(name: str, home: Home | None) -> bytes:
    """A form as a FHIR Questionnaire in JSON; NotFoundError."""
    resource = make_questionnaire(load_form(name, home))
    return json.dumps(resource, ensure_ascii=False, indent=2).encode() + b"\n"


def _read(file: Path) -> QuestionnaireReader:
    if file.stat().st_size > _MOST_BYTES:
        raise InputError("form.large", f"{file.name} is too large for a form.", "Choose another.")
    try:
        document = json.loads(file.read_bytes().decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise InputError("form.json", f"{file.name} is no JSON.", "Export it again.") from None
    try:
        return QuestionnaireReader(document)
    except (AttributeError, KeyError, TypeError, ValueError):
        raise InputError(
            "form.questionnaire",
            f"{file.name} is not built as FHIR says.",
            "Check it with the program that wrote it, and import it again.",
        ) from None


def check_definition(name: str, text: str) -> None:
    """InputError names the first mistake of a definition."""
    if problems := check_text(name, text):
        raise InputError("form.invalid", f"{problems[0]}", "Correct it, and save it again.")


def check_name(name: str) -> None:
    """InputError unless it can be the name of a form's file."""
    if not NAME.fullmatch(name) or len(name) > 60:
        raise InputError(
            "form.name",
            "A form's name is of small letters, digits and '-', and begins with a letter.",
            "For example: falls-check.",
        )
