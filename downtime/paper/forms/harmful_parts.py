"""What makes a PDF unfit to be a form: parts that act, are hidden, or are shown and not printed.

All of it would be left out of the copy that is printed; but who looked at the file in a viewer saw another
page than the ward would get, and a file that acts by itself is not one to hand on.
"""

from collections.abc import Iterator
from typing import Any

import pikepdf

_ACTIONS = {
    "/JavaScript": "it runs a script",
    "/Launch": "it starts a program",
    "/SubmitForm": "it sends what is filled in",
    "/ImportData": "it fetches data",
}
_PARTS = {
    "/FileAttachment": "another file is attached to it",
    "/RichMedia": "it holds film, sound or 3D",
    "/Movie": "it holds film, sound or 3D",
    "/Screen": "it holds film, sound or 3D",
    "/Sound": "it holds film, sound or 3D",
    "/3D": "it holds film, sound or 3D",
}
_UNSEEN_NOTES = ("/Link", "/Popup", "/Widget")
_HIDDEN, _PRINTED, _NO_VIEW = 2, 4, 32
"""Flags of a note (ISO 32000, table 167)."""


def find_harm(document: pikepdf.Pdf) -> str:
    """Why a PDF cannot be a form; empty when nothing of it acts or is hidden."""
    if "/XFA" in document.Root.get("/AcroForm", {}):
        return "it is an XFA form, whose pages a program draws"
    if _has_hidden_layer(document):
        return "it has layers that are switched off"
    for table in _walk_dictionaries(document):
        if reason := _find_action(table):
            return reason
    if any(_is_lost(note) for page in document.pages for note in page.obj.get("/Annots", ())):
        return "it has a note that is shown and would not be printed"
    return ""


def _find_action(table: pikepdf.Object) -> str:
    if "/JS" in table:
        return _ACTIONS["/JavaScript"]
    if "/EF" in table or "/EmbeddedFiles" in table:
        return _PARTS["/FileAttachment"]
    return _ACTIONS.get(str(table.get("/S", "")), "") or _PARTS.get(
        str(table.get("/Subtype", "")), ""
    )


def _walk_dictionaries(document: pikepdf.Pdf) -> Iterator[pikepdf.Object]:
    """Every dictionary of the file, those inside others too; what is referred to comes by itself."""
    for top in document.objects:
        stack = [top]
        while stack:
            part = stack.pop()
            if isinstance(part, pikepdf.Dictionary | pikepdf.Stream):
                yield part
                stack += [value for _, value in part.items() if _is_inside(value)]
            elif isinstance(part, pikepdf.Array):
                stack += [value for value in part if _is_inside(value)]


def _is_inside(value: Any) -> bool:
    return isinstance(value, pikepdf.Dictionary | pikepdf.Array) and not value.is_indirect


def _has_hidden_layer(document: pikepdf.Pdf) -> bool:
    layers: Any = document.Root.get("/OCProperties", {})
    state = layers.get("/D", {})
    if len(state.get("/OFF", ())) or str(state.get("/BaseState", "/ON")) != "/ON":
        return True
    usages = [layer.get("/Usage", {}) for layer in layers.get("/OCGs", ())]
    return any(
        str(usage.get(f"/{kind}", {}).get(f"/{kind}State", "/ON")) == "/OFF"
        for usage in usages
        for kind in ("View", "Print")
    )


def _is_lost(note: pikepdf.Object) -> bool:
    if str(note.get("/Subtype", "")) in _UNSEEN_NOTES:
        return False
    flags = int(note.get("/F", 0))
    if flags & (_HIDDEN | _NO_VIEW) and not flags & _PRINTED:
        return False
    return not flags & _PRINTED or "/N" not in note.get("/AP", {})
