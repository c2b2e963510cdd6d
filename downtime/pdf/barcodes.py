"""Square codes of pages and labels: made by the library that will read them back."""

import re
from collections.abc import Callable
from functools import cache, lru_cache
from itertools import cycle
from operator import itemgetter

import zxingcpp

_DARK = re.compile(b"\x00+")


def qr_code_operators(payload: str, x: float, y: float, size: float, *, ec_level: str = "Q") -> str:
    """PDF operators that fill a QR code (model 2) into a square, its lower left at x, y.

    Points throughout. The quiet zone of four modules is the caller's to leave.
    """
    barcode = zxingcpp.create_barcode(
        payload, zxingcpp.BarcodeFormat.QRCodeModel2, ec_level=ec_level, data_mask=_MASK
    )
    return _fill_operators(barcode, x, y, size)


_MASK = 0
"""The chequered one: naming it spares the trial of all eight, three quarters of the time."""


def data_matrix_operators(content: str, x: float, y: float, size: float) -> str:
    """PDF operators that fill a square GS1 DataMatrix, as `qr_code_operators`; its quiet zone is one module.

    `content` names its application identifiers in brackets: `(91)DEMO/RX00001`.
    """
    barcode = zxingcpp.create_barcode(
        content, zxingcpp.BarcodeFormat.DataMatrix, gs1=True, force_square=True
    )
    return _fill_operators(barcode, x, y, size)


def _fill_operators(barcode: zxingcpp.Barcode, x: float, y: float, size: float) -> str:
    image = barcode.to_image(scale=1, add_quiet_zones=False)
    modules = image.shape[0]
    dots = bytes(memoryview(image))  # type: ignore[arg-type]
    scale = size / modules
    rows = "".join(map(_run_operators, _row_cutter(modules)(dots), cycle((0, _FIRST_COLUMNS))))
    return f"q {scale:.4f} 0 0 {-scale:.4f} {x:.2f} {y + size:.2f} cm\n{rows}Q\n"


_FIRST_COLUMNS = 11
"""Columns of a row's first part: parts repeat from code to code, whole rows seldom do."""
_NEXT_ROW = "f 1 0 0 1 0 1 cm\n"
_OVERLAP = 0.02


@cache
def _row_cutter(modules: int) -> Callable[[bytes], tuple[bytes, ...]]:
    """Cuts a square of so many dots a side into the two parts of each row."""
    parts = []
    for start in range(0, modules * modules, modules):
        middle = start + _FIRST_COLUMNS
        parts += [slice(start, middle), slice(middle, start + modules)]
    return itemgetter(*parts)


@lru_cache(maxsize=8192)
def _run_operators(dots: bytes, column: int) -> str:
    """Rectangles of the dark runs; they overlap a little, so that no hairline parts them."""
    rectangles = (
        f"{column + m.start()} 0 {m.end() - m.start() + _OVERLAP} {1 + _OVERLAP} re "
        for m in _DARK.finditer(dots)
    )
    return "".join(rectangles) + (_NEXT_ROW if column else "")
