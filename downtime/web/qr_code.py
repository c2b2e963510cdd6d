"""Pictures that are drawn on this machine: the QR code of a new second factor."""

import zxingcpp
from markupsafe import Markup


def draw_qr_code(text: str) -> Markup:
    """A QR code as an inline SVG that scales with its box; no third party ever sees the text."""
    svg = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode).to_svg(add_quiet_zones=True)
    _, _, body = svg.partition("<svg ")
    size = body.split('"')[1]
    _, _, shapes = body.partition(">")
    start = f'<svg viewBox="0 0 {size} {size}" xmlns="http://www.w3.org/2000/svg">'
    return Markup(start + shapes)  # noqa: S704 - rectangles only; the text is not in it
