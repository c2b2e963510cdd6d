"""WeasyPrint behind one door: nothing from outside, nothing missing in silence."""

import pytest
from jinja2 import UndefinedError

from downtime.pdf.html_to_pdf import ForbiddenAssetError, LayoutWarningError, LocalAssets
from downtime.pdf.templates import print_html, render_html, template_folder


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
        print_html(f'<link rel="stylesheet" href="{source}"><p>x</p>')


def test_a_warning_is_an_error():
    with pytest.raises(LayoutWarningError):
        print_html("<style>p { colour: red }</style><p>x</p>")


def test_a_word_that_was_not_given_is_an_error():
    with pytest.raises(UndefinedError):
        render_html("shaped.html", size=(10, 10))


def test_only_the_fonts_that_a_document_needs_are_loaded():
    plain, thai = (
        LocalAssets(template_folder(), text).fetch("asset:fonts.css").read()
        for text in ("name", "สมชาย")
    )
    assert b"Thai" not in plain
    assert b"NotoSansThai-Regular.ttf" in thai
    assert plain.startswith(b"@font-face")
