"""A page as a scanner gives it."""

import io

from PIL import Image


def png(width: int = 1240, height: int = 1754) -> bytes:
    """A white A4 page at 150 dpi."""
    content = io.BytesIO()
    Image.new("L", (width, height), 255).save(content, "PNG")
    return content.getvalue()
