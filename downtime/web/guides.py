"""The guides of `/help`: Markdown files of the program, shown as pages; HTML in them is shown as text."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from downtime.config import data_folder

FOLDER = "docs/guides"
PICTURE_FOLDER = "docs/pictures"
GROUPS = (
    (
        "Your role",
        (
            "ward-staff",
            "site-team",
            "laboratory",
            "records-team",
            "administrator",
            "integration-engineer",
            "security",
        ),
    ),
    ("Everybody", ("troubleshooting", "faq", "glossary")),
)
NAMES = tuple(name for _, names in GROUPS for name in names)


@dataclass(frozen=True, slots=True)
class Guide:
    """One page: its name in the address, its title, and what stands below that."""

    name: str
    title: str
    body: Markup


@lru_cache(maxsize=len(NAMES))
def read_guide(name: str) -> Guide:
    """A guide by one of `NAMES`, rendered. A relative link leads to that guide; what lies elsewhere stays words."""
    title, _, text = _find_file(name).read_text("utf-8").partition("\n")
    markdown = MarkdownIt("js-default")  # HTML is escaped, and links with scripts are none
    tokens = markdown.parse(text)
    for token in tokens:
        token.children = _lead_to_pages(token.children) if token.children else token.children
    body = markdown.renderer.render(tokens, markdown.options, {})
    return Guide(name, title.removeprefix("# "), Markup(body))  # noqa: S704 - rendered from our own file, HTML escaped


def _find_file(name: str) -> Path:
    folder = data_folder(FOLDER)
    shipped = folder / f"{name}.md"
    return shipped if shipped.is_file() else folder.parent / f"{name}.md"


def _lead_to_pages(tokens: list[Token]) -> list[Token]:
    """Give links and pictures the addresses of pages; links that lead to none of ours are taken off their words."""
    tokens_shown, is_open = [], True
    for token in tokens:
        if token.type == "link_open":
            name = Path(str(token.attrGet("href")).partition("#")[0]).stem
            is_open = name in NAMES
            token.attrSet("href", f"/help/{name}")
        if token.type == "image":
            token.attrSet("src", f"/help/pictures/{Path(str(token.attrGet('src'))).stem}")
        if is_open or token.type not in ("link_open", "link_close"):
            tokens_shown.append(token)
    return tokens_shown
