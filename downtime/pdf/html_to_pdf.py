"""WeasyPrint behind one door: local, allow-listed assets only, and any warning is an error."""

import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from weasyprint import HTML
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

from downtime.pdf.text import BOLD, FONT_FOLDER, FONTS, REGULAR, font_of


class ForbiddenAssetError(FatalURLFetchingError):  # type: ignore[misc]
    """A template asked for something that is not one of the project's own files."""


class LayoutWarningError(Exception):
    """WeasyPrint complained: something would be missing or wrong on paper."""


class LocalAssets(URLFetcher):  # type: ignore[misc]
    """Fetches `font:NAME` and `asset:NAME` from the project's own folders; all else is refused.

    `asset:fonts.css` names the fonts that a document's characters need: each costs time to load.
    """

    def __init__(self, assets: Path, characters: Iterable[str]) -> None:
        super().__init__()
        self._folders = {"font": FONT_FOLDER, "asset": assets}
        self._characters = characters

    def fetch(self, url: str, headers: Any = None) -> URLFetcherResponse:
        """The file's content; ForbiddenAssetError stops the rendering."""
        if url == "asset:fonts.css":
            style = _font_faces(self._characters).encode()
            return URLFetcherResponse(url, style, {"Content-Type": "text/css"})
        parts = urlsplit(url)
        folder = self._folders.get(parts.scheme)
        name = unquote(parts.path)
        if folder is None or "/" in name or not (folder / name).is_file():
            raise ForbiddenAssetError("only the project's own fonts and styles are printed")
        return URLFetcherResponse(
            url, (folder / name).read_bytes(), {"Content-Type": _content_type(name)}
        )


def _font_faces(characters: Iterable[str]) -> str:
    needed = {font_of(character) for character in characters if character.isprintable()}
    names = [name for name in FONTS if name in needed or name in _ALWAYS_LOADED]
    rules = [_font_face_rule(name, font_family(name), 400) for name in names]
    rules.append(_font_face_rule(BOLD, font_family(REGULAR), 700))
    families = ", ".join(f'"{font_family(name)}"' for name in names)
    return "\n".join([*rules, f"html {{ font-family: {families} }}"])


_ALWAYS_LOADED = FONTS[:2]


def _font_face_rule(name: str, family: str, weight: int) -> str:
    return (
        f'@font-face {{ font-family: "{family}"; font-weight: {weight}; src: url("font:{name}") }}'
    )


def font_family(name: str) -> str:
    """What styles call a font: the text font is `Paper`."""
    return "Paper" if name == REGULAR else f"Paper {name.partition('-')[0]}"


def _content_type(name: str) -> str:
    return "text/css" if name.endswith(".css") else "application/octet-stream"


def html_to_pdf(html: str, assets: Path) -> bytes:
    """A4 PDF of HTML from our own templates; LayoutWarningError when WeasyPrint complains."""
    listener = _Listener()
    logger = logging.getLogger("weasyprint")
    logger.addHandler(listener)
    try:
        content: bytes = HTML(
            string=html, base_url="asset:", url_fetcher=LocalAssets(assets, set(html))
        ).write_pdf(font_config=FontConfiguration(), pdf_version="1.7")
    finally:
        logger.removeHandler(listener)
    if listener.messages:
        raise LayoutWarningError("; ".join(listener.messages))
    return content


class _Listener(logging.Handler):
    """Keeps what WeasyPrint complains of; its format strings only, for values may name a patient."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(str(record.msg))
