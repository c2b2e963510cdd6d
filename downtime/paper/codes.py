"""The square code in a page's corner: made by the library that will read it back."""

import re
from functools import lru_cache

import zxingcpp

_DARK = re.compile(b"\x00+")


def code_path(payload: str, x: float, y: float, size: float) -> str:
    """PDF operators that fill a QR code (model 2, level Q) into a square, its lower left at x, y.

    Points throughout. The quiet zone of four modules is the caller's to leave.
    """
    made = zxingcpp.create_barcode(payload, zxingcpp.BarcodeFormat.QRCodeModel2, ec_level="Q")
    image = made.to_image(scale=1, add_quiet_zones=False)
    modules = image.shape[0]
    dots = bytes(memoryview(image))  # type: ignore[arg-type]
    scale = size / modules
    rows = "".join(_row(dots[i : i + modules]) for i in range(0, len(dots), modules))
    return f"q {scale:.4f} 0 0 {-scale:.4f} {x:.2f} {y + size:.2f} cm\n{rows}Q\n"


@lru_cache(maxsize=16_384)
def _row(dots: bytes) -> str:
    found = (f"{m.start()} 0 {m.end() - m.start()} 1.02 re" for m in _DARK.finditer(dots))
    return " ".join(found) + " f 1 0 0 1 0 1 cm\n"
