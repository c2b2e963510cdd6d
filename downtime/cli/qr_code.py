"""A QR code in the terminal: somebody who sets up a computer reads the second factor with their telephone."""

from collections.abc import Iterator
from typing import Any

import click
import zxingcpp

_BLOCKS = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}
"""Two rows of modules in one line of text: which of them are dark."""


def draw_terminal_qr_code(text: str) -> Iterator[str]:
    """Lines with the code, black on white whatever colours the terminal has; its quiet zone is part of it."""
    image = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode).to_image(scale=1)
    height, width = image.shape
    buffer: Any = image  # its types do not say that it is one
    dots = bytes(memoryview(buffer)) + b"\xff" * width
    for top in range(0, height, 2):
        start, below = top * width, (top + 1) * width
        pairs = zip(dots[start : start + width], dots[below : below + width], strict=True)
        line = "".join(_BLOCKS[upper == 0, lower == 0] for upper, lower in pairs)
        yield click.style(line, fg="black", bg="bright_white")
