"""Where codes, serial and sources stand on a hospital's own page unless its definition says otherwise.

Millimetres from the upper left corner: left, top, width, height.
"""

CODE = 17.5
"""A code's side."""
QUIET = 2.5
"""White around a code."""
LABEL = (20.0, 20.0, 90.0, 40.0)
"""The identity block, until somebody draws it elsewhere."""


def list_usual_places(width: float, height: float) -> dict[str, tuple[float, float, float, float]]:
    """The places of a page of this size, by their names: the codes in two opposite corners."""
    return {
        "page.code-a": (width - 7 - CODE, 7, CODE, CODE),
        "page.code-b": (7, height - 7 - CODE, CODE, CODE),
        "page.serial": (28, height - 12, 40, 5),
        "page.number": (70, height - 12, 28, 5),
        "page.outage": (100, height - 12, width - 107, 5),
        "page.as-at": (28, height - 20, width - 35, 7),
        "page.printed": (28, height - 24.5, width - 35, 4),
    }
