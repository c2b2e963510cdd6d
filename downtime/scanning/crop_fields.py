"""Small pictures of an aligned page's fields, for the person who keys beside them."""

import cv2

from downtime.pdf.field_rectangle import FieldKind, FieldRectangle
from downtime.scanning.pixels import Box, Pixels, locate_rectangle, mm

MARGIN_MM = 1.5
LABEL_MM = 22.0
"""A tick box shows so much of what stands beside it."""
QUALITY = 45


def crop_field(aligned: Pixels, field: FieldRectangle) -> bytes:
    """A field's picture with a margin, as JPEG at the page's own dots; a tick box with its label."""
    box = locate_rectangle(field, aligned.shape[0]).grow(mm(MARGIN_MM))
    if field.kind is FieldKind.TICK:
        box = box._replace(right=box.right + mm(LABEL_MM))
    return crop_box(aligned, box)


def crop_box(aligned: Pixels, box: Box) -> bytes:
    """Part of a page as JPEG."""
    picture = box.cut(aligned)
    if not picture.size:
        return b""
    return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()
