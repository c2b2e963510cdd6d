"""A look at every page that a test fetches: what no page of ours may ever get wrong."""

import re
from collections import Counter
from html.parser import HTMLParser

VOID = {"input", "meta", "link", "br", "img", "hr", "rect", "path"}


class Page(HTMLParser):
    """The elements of a page with their attributes, and the text of its headings."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.labelled: list[bool] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        given["-in-label"] = "yes" if "label" in self.open else None
        self.elements.append((tag, given))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        while self.open and self.open.pop() != tag:
            pass

    def all(self, *tags: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.elements if tag in tags]


BLOCKS = re.compile(
    r"\s*(</?(?:address|article|aside|body|br|button|caption|col|colgroup|datalist|dd|details|div|dl|dt|"
    r"fieldset|footer|form|h[1-6]|head|header|hr|html|input|label|legend|li|link|main|meta|nav|ol|optgroup|"
    r"option|p|script|section|select|summary|table|tbody|td|tfoot|th|thead|title|tr|ul)\b[^<>]*>)\s*"
)
"""Tags beside which a browser shows no space."""


def compact(html: str) -> str:
    """The page without the spaces and line breaks that a browser does not show."""
    parts = re.split(r"(<(?:textarea|pre)\b.*?</(?:textarea|pre)>)", html, flags=re.DOTALL)
    for number in range(0, len(parts), 2):
        parts[number] = BLOCKS.sub(r"\1", re.sub(r"\s+", " ", parts[number]))
    return "".join(parts)


def problems(html: str) -> list[str]:
    """Everything wrong with a page, in words; empty when it is sound."""
    page = Page(html)
    found = []
    if len(page.all("h1")) != 1:
        found.append(f"{len(page.all('h1'))} h1 elements")
    if not re.search(r"<title>\s*\S", html):
        found.append("no title")
    ids = Counter(a["id"] for _, a in page.elements if a.get("id"))
    found += [f"id {name} is used {n} times" for name, n in ids.items() if n > 1]
    for_ids = {a.get("for") for a in page.all("label")}
    for field in page.all("input", "select", "textarea"):
        named = field.get("id") in for_ids or field.get("aria-label") or field["-in-label"]
        if field.get("type") not in ("hidden", "submit") and not named:
            found.append(f"field {field.get('name')} has no label")
    found += ["a script without a nonce" for s in page.all("script") if not s.get("nonce")]
    found += [
        f"style or handler written into the page: {name}"
        for _, attributes in page.elements
        for name in attributes
        if name == "style" or name.startswith("on")
    ]
    if page.all("style"):
        found.append("a style element")
    forms = [a for a in page.all("form") if a.get("method") == "post"]
    if html.count('name="csrf_token"') < len(forms):
        found.append("a form without a token")
    for a in (*page.all("a"), *page.all("form")):
        address = a.get("href") or a.get("action") or ""
        if re.search(r"(?<!\w)999(%20| |-)?\d{3}(%20| |-)?\d{4}(?!\w)", address):
            found.append("an NHS number in an address")
    return found
