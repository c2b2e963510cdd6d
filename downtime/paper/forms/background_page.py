"""The pages of a PDF as they are seen: how they are turned and cut, and where form fields stand."""

from typing import Any, NamedTuple

import pikepdf

MOST_PAGES = 20
SMALLEST, LARGEST = 280.0, 1300.0
"""Points: sides between those of A6 and a little more than A3."""
_KINDS = {"/Tx": "text", "/Ch": "text", "/Btn": "tick"}


class Unfit(Exception):
    """Why this PDF cannot be a form."""


class Frame(NamedTuple):
    """How a page is turned and cut, so that what stands on it can be found on the clean copy."""

    x: float
    y: float
    width: float
    height: float
    rotation: int
    unit: float

    @property
    def box(self) -> pikepdf.Array:
        """What is seen of the page, in its own measure."""
        return pikepdf.Array([self.x, self.y, self.x + self.width, self.y + self.height])

    @property
    def size(self) -> tuple[float, float]:
        """Width and height as the page is seen, in points."""
        sides = (self.width * self.unit, self.height * self.unit)
        return sides if self.rotation % 180 == 0 else (sides[1], sides[0])

    def to_seen(self, rectangle: Any) -> tuple[float, float, float, float]:
        """Left, bottom, width and height of a rectangle of the page as it is seen."""
        x1, y1, x2, y2 = (float(v) for v in rectangle)
        corners = [self._point(x1, y1), self._point(x2, y2)]
        xs, ys = sorted(x for x, _ in corners), sorted(y for _, y in corners)
        return xs[0], ys[0], xs[1] - xs[0], ys[1] - ys[0]

    def _point(self, x: float, y: float) -> tuple[float, float]:
        x, y = x - self.x, y - self.y
        rotated = {
            0: (x, y),
            90: (y, self.width - x),
            180: (self.width - x, self.height - y),
            270: (self.height - y, x),
        }[self.rotation]
        return rotated[0] * self.unit, rotated[1] * self.unit


def read_frames(document: pikepdf.Pdf) -> list[Frame]:
    """How each page is turned and cut; Unfit when they are no pages of a form."""
    if not 1 <= len(document.pages) <= MOST_PAGES:
        raise Unfit(f"it has {len(document.pages)} pages; a form has 1 to {MOST_PAGES}")
    page_frames = []
    for page in document.pages:
        x_min, y_min, x_max, y_max = _find_seen_box(page)
        rotation = int(page.obj.get("/Rotate", _inherited(page.obj, "/Rotate", 0))) % 360
        unit = float(page.obj.get("/UserUnit", 1))
        frame = Frame(x_min, y_min, x_max - x_min, y_max - y_min, rotation, unit)
        if not all(SMALLEST <= side <= LARGEST for side in frame.size):
            raise Unfit("its pages are not of a size between A6 and A3")
        page_frames.append(frame)
    if any(frame.size != page_frames[0].size for frame in page_frames):
        raise Unfit("its pages are of different sizes")
    return page_frames


def _find_seen_box(page: pikepdf.Page) -> tuple[float, float, float, float]:
    """Left, bottom, right and top of what is seen: the crop box, as far as the medium goes."""
    crop, medium = (
        [sorted((float(box[n]), float(box[n + 2]))) for n in (0, 1)]
        for box in (page.cropbox, page.mediabox)
    )
    (x_min, x_max), (y_min, y_max) = (
        (max(a[0], b[0]), min(a[1], b[1])) for a, b in zip(crop, medium, strict=True)
    )
    return x_min, y_min, x_max, y_max


def _inherited(node: Any, name: str, usual: Any) -> Any:
    for _ in range(64):
        if name in node:
            return node[name]
        if "/Parent" not in node:
            break
        node = node["/Parent"]
    return usual


def read_fields(document: pikepdf.Pdf, seen: list[Frame]) -> list[dict[str, Any]]:
    """The form fields that stand on the pages, in points as the page is seen."""
    form_fields = []
    for number, (page, frame) in enumerate(zip(document.pages, seen, strict=True), 1):
        for widget in page.obj.get("/Annots", ()):
            if widget.get("/Subtype") != "/Widget" or "/Rect" not in widget:
                continue
            kind = _KINDS.get(str(_inherited(widget, "/FT", "")))
            name = _full_name(widget)
            if kind is None or not name:
                continue
            x, y, wide, high = frame.to_seen(widget.Rect)
            form_fields.append(
                {"name": name, "page": number, "kind": kind, "x": x, "y": y,
                 "width": wide, "height": high}
            )  # fmt: skip
    return form_fields


def _full_name(widget: Any) -> str:
    parts: list[str] = []
    for _ in range(64):
        if "/T" in widget:
            parts.insert(0, str(widget["/T"]))
        if "/Parent" not in widget:
            break
        widget = widget["/Parent"]
    return ".".join(parts)
