"""WeasyPrint behind one door: nothing from outside, nothing missing in silence."""

import pytest
from jinja2 import UndefinedError

from downtime.paper.document import (
    ForbiddenAssetError,
    LayoutWarningError,
    render_html,
    to_pdf,
)


@pytest.mark.parametrize(
    "source",
    [
        "file:///etc/hostname",
        "http://127.0.0.1:9/x.png",
        "font:../text.py",
        "asset:%2e%2e/style.css",
        "data:text/css,*{}",
    ],
)
def test_nothing_but_the_projects_own_assets_is_fetched(source):
    with pytest.raises(ForbiddenAssetError):
        to_pdf(f'<link rel="stylesheet" href="{source}"><p>x</p>')


def test_a_warning_is_an_error():
    with pytest.raises(LayoutWarningError):
        to_pdf("<style>p { colour: red }</style><p>x</p>")


def test_a_word_that_was_not_given_is_an_error():
    with pytest.raises(UndefinedError):
        render_html("shaped.html", size=(10, 10))
