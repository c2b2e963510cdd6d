"""Lay a form out once: a background page, and the rectangle of every field on it.

In the template a field is a link to `field:KEY`; the finished PDF's link annotations are the
fields' rectangles, exact to the point. Stamping values and cropping scans read the same rectangles.
"""

import hashlib
from functools import lru_cache
from importlib.metadata import version
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pikepdf

from downtime.paper.forms.field_types import FIELD_TYPES
from downtime.paper.forms.model import (
    SIGN_OFF,
    FormDefinition,
    GroupLayout,
    Orientation,
    count_grid_columns,
)
from downtime.paper.layout.model import FormLayout
from downtime.paper.layout.table_columns import column_widths
from downtime.pdf.field_rectangle import Alignment, FieldKind, FieldRectangle
from downtime.pdf.templates import print_html, render_html, template_folder


def form_digest(form: FormDefinition, mrn_name: str) -> str:
    """What a form's layout depends on, as one SHA-256: equal digests print the same page."""
    return _digest("form.html", form.digest, mrn_name)


def form_html(form: FormDefinition, mrn_name: str) -> str:
    """The form as WeasyPrint is given it, every field an empty link."""
    return render_html("form.html", **_template_context(form, mrn_name))


@lru_cache(maxsize=256)
def form_layout(form: FormDefinition, mrn_name: str) -> FormLayout:
    """The layout of a form; `mrn_name` is what the hospital calls its patient number."""
    digest = form_digest(form, mrn_name)
    context = _template_context(form, mrn_name)
    return _lay_out("form.html", digest, name=form.name, version=form.version, **context)


def _template_context(form: FormDefinition, mrn_name: str) -> dict[str, Any]:
    order = [item for name in _SIGN_ORDER for item in SIGN_OFF if item.link_id == name]
    return {
        "form": form,
        "types": FIELD_TYPES,
        "grid_columns": count_grid_columns,
        "column_widths": column_widths,
        "title": form.title,
        "identity": bool(form.identity),
        "wide": form.orientation == Orientation.LANDSCAPE,
        "mrn_name": mrn_name,
        "footer": f"{form.title}, version {form.version}. {_word_filling(form)}",
        "sign_off_order": order,
    }


def _word_filling(form: FormDefinition) -> str:
    """What must be filled in: bold labels are spoken of only where a field beside the sign-off has one."""
    if not form.returns:
        return "Keep it at hand; it need not come back."
    needed = any(
        item.required
        for group in form.items
        for item in (group, *(() if group.layout in _HEADED else group.items))
    )
    if needed:
        return "Fill in every field whose label is bold."
    return "Sign it at the end, with name, role, date and time."


_HEADED = (GroupLayout.TABLE, GroupLayout.CHART)
"""Layouts whose headings are all bold, whether the field is needed or not."""
_SIGN_ORDER = ("author.name", "author.role", "author.signature", "event.date", "event.time")


def flow_digest(identity: bool, mrn_name: str) -> str:
    """What the layout of flowing pages depends on, as `form_digest` says it of a form."""
    return _digest("flow.html", str(identity), mrn_name)


@lru_cache(maxsize=64)
def flow_layout(identity: bool, mrn_name: str) -> FormLayout:
    """A page with one large area in which blocks flow (lists, summaries, continuations).

    Its title and its foot are stamped like any value, so that one layout serves all of them.
    """
    return _lay_out(
        "flow.html",
        flow_digest(identity, mrn_name),
        name="flow",
        version="1",
        title="",
        identity=identity,
        wide=False,
        mrn_name=mrn_name,
        footer="",
    )


def _lay_out(template: str, digest: str, *, name: str, version: str, **context: Any) -> FormLayout:
    html = render_html(template, **context)
    pdf = print_html(html)
    with pikepdf.open(BytesIO(pdf)) as document:
        box = [float(v) for v in document.pages[0].mediabox]
        pages = tuple(
            tuple(_read_rectangle(annotation) for annotation in page.obj.get("/Annots", ()))
            for page in document.pages
        )
    return FormLayout(name, version, context["title"], digest, pdf, (box[2], box[3]), pages)


def _read_rectangle(annotation: Any) -> FieldRectangle:
    """The field of a link to `field:KEY?kind=…`, whose query says how text stands in it."""
    uri = urlsplit(str(annotation.A.URI))
    style = {name: values[0] for name, values in parse_qs(uri.query).items()}
    x1, y1, x2, y2 = (round(float(value), 2) for value in annotation.Rect)
    return FieldRectangle(
        key=unquote(uri.path),
        x=min(x1, x2),
        y=min(y1, y2),
        width=round(abs(x2 - x1), 2),
        height=round(abs(y2 - y1), 2),
        kind=FieldKind(style["kind"]),
        size=float(style["size"]),
        bold=style["bold"] == "1",
        align=Alignment(style["align"]),
        leading=float(style["leading"]),
    )


def _digest(*parts: str) -> str:
    digest = hashlib.sha256(f"WeasyPrint {version('weasyprint')}".encode())
    for file in ("style.css", "paper.css", "paper.html", "form.html", "flow.html"):
        digest.update((template_folder() / file).read_bytes())
    for part in parts:
        digest.update(b"\0" + part.encode())
    return digest.hexdigest()
