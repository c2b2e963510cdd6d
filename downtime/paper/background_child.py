"""The child that opens one PDF of the hospital's own; run by `background` with limits.

It writes one line of JSON: an error, or pages, form fields and a clean copy of the PDF. The copy
holds what the pages show and nothing else: no form, script, attachment or link; every page upright,
its corner at 0, 0. With a page's number it writes that page as a picture instead.

Arguments: path, page to draw (0 for none), bytes of memory, seconds.
"""

import base64
import io
import sys
from typing import Any, NamedTuple

import orjson
import pikepdf
import pypdfium2

from downtime.child import limit

MOST_PAGES = 20
SMALLEST, LARGEST = 280.0, 1300.0
"""Points: sides between those of A6 and a little more than A3."""
PICTURE_DPI = 100
_KINDS = {"/Tx": "text", "/Ch": "text", "/Btn": "tick"}


class Unfit(Exception):
    """Why this PDF cannot be a form."""


class Frame(NamedTuple):
    """How a page is turned and cut, so that what stands on it can be found on the clean copy."""

    left: float
    bottom: float
    width: float
    height: float
    turned: int
    unit: float

    @property
    def size(self) -> tuple[float, float]:
        """Width and height as the page is seen, in points."""
        sides = (self.width * self.unit, self.height * self.unit)
        return sides if self.turned % 180 == 0 else (sides[1], sides[0])

    def seen(self, rectangle: Any) -> tuple[float, float, float, float]:
        """Left, bottom, width and height of a rectangle of the page as it is seen."""
        x1, y1, x2, y2 = (float(v) for v in rectangle)
        corners = [self._point(x1, y1), self._point(x2, y2)]
        xs, ys = sorted(x for x, _ in corners), sorted(y for _, y in corners)
        return xs[0], ys[0], xs[1] - xs[0], ys[1] - ys[0]

    def _point(self, x: float, y: float) -> tuple[float, float]:
        x, y = x - self.left, y - self.bottom
        turned = {
            0: (x, y),
            90: (y, self.width - x),
            180: (self.width - x, self.height - y),
            270: (self.height - y, x),
        }[self.turned]
        return turned[0] * self.unit, turned[1] * self.unit


def main(path: str, page: str, memory: str, seconds: str) -> int:
    """Write what was asked for, or one object that says why not."""
    limit(memory, seconds)
    try:
        answer = _picture(path, int(page)) if int(page) else _clean(path)
    except pikepdf.PasswordError:
        answer = {"error": "it is locked with a password"}
    except Unfit as error:
        answer = {"error": str(error)}
    except (pikepdf.PdfError, pypdfium2.PdfiumError, ValueError, KeyError, TypeError):
        answer = {"error": "it is damaged, or no PDF"}
    sys.stdout.buffer.write(orjson.dumps(answer) + b"\n")
    return 0


def _clean(path: str) -> dict[str, Any]:
    with pikepdf.open(path) as given, pikepdf.new() as copy:
        frames = _frames(given)
        fields = _fields(given, frames)
        _flatten(given)
        for page, frame in zip(given.pages, frames, strict=True):
            page.trimbox = page.cropbox
            made = copy.add_blank_page(page_size=frame.size)
            made.add_overlay(page, pikepdf.Rectangle(0, 0, *frame.size))
        out = io.BytesIO()
        copy.remove_unreferenced_resources()
        copy.save(out, compress_streams=True)
    return {
        "pages": [frame.size for frame in frames],
        "fields": fields,
        "pdf": base64.b64encode(out.getvalue()).decode(),
    }


def _frames(given: pikepdf.Pdf) -> list[Frame]:
    if not 1 <= len(given.pages) <= MOST_PAGES:
        raise Unfit(f"it has {len(given.pages)} pages; a form has 1 to {MOST_PAGES}")
    frames = []
    for page in given.pages:
        x1, y1, x2, y2 = (float(v) for v in page.cropbox)
        left, bottom = min(x1, x2), min(y1, y2)
        turned = int(page.obj.get("/Rotate", _inherited(page.obj, "/Rotate", 0))) % 360
        unit = float(page.obj.get("/UserUnit", 1))
        frame = Frame(left, bottom, abs(x2 - x1), abs(y2 - y1), turned, unit)
        if not all(SMALLEST <= side <= LARGEST for side in frame.size):
            raise Unfit("its pages are not of a size between A6 and A3")
        frames.append(frame)
    if any(frame.size != frames[0].size for frame in frames):
        raise Unfit("its pages are of different sizes")
    return frames


def _inherited(node: Any, name: str, usual: Any) -> Any:
    for _ in range(64):
        if name in node:
            return node[name]
        if "/Parent" not in node:
            break
        node = node["/Parent"]
    return usual


def _fields(given: pikepdf.Pdf, frames: list[Frame]) -> list[dict[str, Any]]:
    """The form fields that stand on the pages, in points as the page is seen."""
    found = []
    for number, (page, frame) in enumerate(zip(given.pages, frames, strict=True), 1):
        for widget in page.obj.get("/Annots", ()):
            if widget.get("/Subtype") != "/Widget" or "/Rect" not in widget:
                continue
            kind = _KINDS.get(str(_inherited(widget, "/FT", "")))
            name = _full_name(widget)
            if kind is None or not name:
                continue
            x, y, wide, high = frame.seen(widget.Rect)
            found.append(
                {"name": name, "page": number, "kind": kind, "x": x, "y": y,
                 "width": wide, "height": high}
            )  # fmt: skip
    return found


def _full_name(widget: Any) -> str:
    parts: list[str] = []
    for _ in range(64):
        if "/T" in widget:
            parts.insert(0, str(widget["/T"]))
        if "/Parent" not in widget:
            break
        widget = widget["/Parent"]
    return ".".join(parts)


def _flatten(given: pikepdf.Pdf) -> None:
    """Empty the form fields and draw what is left of them (borders, boxes) on the pages."""
    for page in given.pages:
        for widget in page.obj.get("/Annots", ()):
            if widget.get("/Subtype") == "/Widget":
                _empty(widget)
    if "/AcroForm" in given.Root:
        given.generate_appearance_streams()
    given.flatten_annotations("print")


def _empty(widget: Any) -> None:
    node = widget
    for _ in range(64):
        if "/V" in node:
            del node["/V"]
        if "/Parent" not in node:
            break
        node = node["/Parent"]
    if "/AS" in widget:
        widget["/AS"] = pikepdf.Name("/Off")


def _picture(path: str, number: int) -> dict[str, Any]:
    document = pypdfium2.PdfDocument(path)
    if not 1 <= number <= len(document):
        raise Unfit(f"it has no page {number}")
    page = document[number - 1]
    out = io.BytesIO()
    page.render(scale=PICTURE_DPI / 72).to_pil().save(out, "PNG")
    return {"png": base64.b64encode(out.getvalue()).decode()}


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:5]))
