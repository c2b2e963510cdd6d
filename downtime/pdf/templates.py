"""Print templates to PDF: every value escaped, an undefined word an error, never a gap."""

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from downtime.config import data_folder
from downtime.pdf.text import to_printable


def template_folder() -> Path:
    """The folder of print templates and their styles."""
    return data_folder("templates") / "print"


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(template_folder()),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: to_printable(value) if type(value) is str else value,
    )


def render_html(template: str, **context: Any) -> str:
    """The HTML of a print template; an undefined word is an error, every value is escaped."""
    return _environment().get_template(template).render(**context)


def print_html(html: str) -> bytes:
    """A4 PDF of HTML that `render_html` made; LayoutWarningError when WeasyPrint complains."""
    from downtime.pdf.html_to_pdf import html_to_pdf

    return html_to_pdf(html, template_folder())


def render_pdf(template: str, **context: Any) -> bytes:
    """A4 PDF of a print template that flows over as many pages as it needs.

    It links `asset:style.css` for the shipped fonts. Undefined words, missing assets and warnings
    are errors, never gaps; what no font can show is named by its code point.
    """
    return print_html(render_html(template, **context))
