"""Square codes of pages and labels: made by the library that will read them back."""

import re
from collections.abc import Callable
from functools import cache, lru_cache
from itertools import cycle
from operator import itemgetter

import zxingcpp

_DARK = re.compile(b"\x00+")


def qr_code_operators(payload: str, x: float, y: float, size: float) -> str:
    """PDF operators that fill a QR code (model 2, level Q) into a square, its lower left at x, y.

    Points throughout. The quiet zone of four modules is the caller's to leave.
    """
    made = zxingcpp.create_barcode(
        payload, zxingcpp.BarcodeFormat.QRCodeModel2, ec_level="Q", data_mask=_MASK
    )
    return _drawn(made, x, y, size)


_MASK = 0
"""The chequered one: naming it spares the trial of all eight, three quarters of the time."""


def data_matrix_operators(content: str, x: float, y: float, size: float) -> str:
    """PDF operators that fill a square GS1 DataMatrix, as `code_path`; its quiet zone is one module.

    `content` names its application identifiers in brackets: `(91)DEMO/RX00001`.
    """
    made = zxingcpp.create_barcode(
        content, zxingcpp.BarcodeFormat.DataMatrix, gs1=True, force_square=True
    )
    return _drawn(made, x, y, size)


def _drawn(made: zxingcpp.Barcode, x: float, y: float, size: float) -> str:
    image = made.to_image(scale=1, add_quiet_zones=False)
    modules = image.shape[0]
    dots = bytes(memoryview(image))  # type: ignore[arg-type]
    scale = size / modules
    rows = "".join(map(_part, _cut(modules)(dots), cycle((0, _PART))))
    return f"q {scale:.4f} 0 0 {-scale:.4f} {x:.2f} {y + size:.2f} cm\n{rows}Q\n"


_PART = 11
"""Columns of a row's first part: parts repeat from code to code, whole rows seldom do."""
_NEXT_ROW = "f 1 0 0 1 0 1 cm\n"
_OVERLAP = 0.02


@cache
def _cut(modules: int) -> Callable[[bytes], tuple[bytes, ...]]:
    """Cuts a square of so many dots a side into the two parts of each row."""
    starts = range(0, modules * modules, modules)
    parts = [(slice(at, at + _PART), slice(at + _PART, at + modules)) for at in starts]
    return itemgetter(*[part for row in parts for part in row])


@lru_cache(maxsize=8192)
def _part(dots: bytes, column: int) -> str:
    """Rectangles of the dark runs; they overlap a little, so that no hairline parts them."""
    found = (
        f"{column + m.start()} 0 {m.end() - m.start() + _OVERLAP} {1 + _OVERLAP} re "
        for m in _DARK.finditer(dots)
    )
    return "".join(found) + (_NEXT_ROW if column else "")
