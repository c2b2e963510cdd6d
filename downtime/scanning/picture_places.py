"""Where fields of an aligned page lie on its picture, so that a screen cuts them from the kept one."""

import cv2
import numpy as np

from downtime.pdf.field_rectangle import FieldKind, FieldRectangle
from downtime.scanning.page_reading import PicturePlace
from downtime.scanning.pixels import Box, Pixels, locate_rectangle, mm
from downtime.scanning.register_page import GRID

MARGIN_MM = 1.5
"""Shown around a field, since hands write over borders."""
LABEL_MM = 22.0
"""A tick box shows so much of what stands beside it."""


class PlaceFinder:
    """Goes from dots of the aligned page to parts of the picture."""

    def __init__(self, source_places: Pixels, picture_shape: tuple[int, ...]) -> None:
        self._grid = source_places.astype(np.float32)
        self._size = np.array([picture_shape[1], picture_shape[0]], np.float32)

    def find_field(self, field: FieldRectangle, page_rows: int) -> PicturePlace:
        """A field with a margin; a tick box with its label."""
        box = locate_rectangle(field, page_rows).grow(mm(MARGIN_MM))
        if field.kind is FieldKind.TICK:
            box = box._replace(right=box.right + mm(LABEL_MM))
        return self.find_box(box)

    def find_box(self, box: Box) -> PicturePlace:
        """The upright rectangle around a box of the aligned page, as far as the picture reaches."""
        dots = np.array(
            [[(x, y) for x in (box.left, box.right)] for y in (box.top, box.bottom)], np.float32
        )
        at = (dots - (GRID - 1) / 2) / GRID
        corners = cv2.remap(
            self._grid, at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        parts = np.clip(corners.reshape(-1, 2) / self._size, 0, 1)
        (x, y), (right, bottom) = parts.min(axis=0), parts.max(axis=0)
        return PicturePlace(
            round(float(x), 4), round(float(y), 4),
            round(float(right - x), 4), round(float(bottom - y), 4),
        )  # fmt: skip
