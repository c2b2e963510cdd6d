"""Whether a page without a code shows the very picture that lies with another form, in another file.

A picture that is saved anew has other bytes, and its tones where they were. A paper that is scanned once
more lies a little otherwise, and a digit more or less is darker where it is written: those are not found.
Compared is what no code was read on; a code names its form by itself.
"""

import io
from collections.abc import Iterable

from PIL import Image
from sqlite_utils import Database

from downtime.entry.store import scans
from downtime.scanning.scan_codes import ScannedPage

_FIELDS = 32, 45
"""Parts of a page across and down, 6.5 mm each: a written digit makes one darker by some twenty tones."""
_TONES = 8
"""What JPEG and another size of the picture change at most."""


def find_same_pictures(db: Database, serial: str, pages: Iterable[ScannedPage]) -> list[str]:
    """Other forms with whose scans, where a person vouched for them, a page of these lies already."""
    mean_tones = [
        read_mean_tones(page.picture) for page in pages if not page.page_codes and not page.is_blank
    ]
    if not mean_tones:
        return []
    serials = {
        other
        for other, picture in scans.iterate_vouched_pictures(db, serial)
        if any(are_same(read_mean_tones(picture), tones) for tones in mean_tones)
    }
    return sorted(serials)


def read_mean_tones(picture: bytes) -> bytes:
    """The mean tone of each part of a page, whatever its resolution."""
    with Image.open(io.BytesIO(picture), formats=("JPEG", "WEBP")) as page:
        page.draft("L", (8 * _FIELDS[0], 8 * _FIELDS[1]))
        return page.convert("L").resize(_FIELDS, Image.Resampling.BOX).tobytes()


def are_same(tones: bytes, other: bytes) -> bool:
    """Whether no part of the page differs by more than saving it anew makes it differ."""
    return all(abs(a - b) <= _TONES for a, b in zip(tones, other, strict=True))
