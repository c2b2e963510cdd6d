"""Whether a photograph is sharp enough to be read: what is lost when it is blurred a little more."""

import io

from PIL import Image, ImageChops, ImageFilter, ImageStat

SHARP_TONES = 4.5
"""By how much print differs from itself blurred: 16 and more on our forms when sharp, 5 to 9 blurred by 0.25 mm,
below 5 by 0.4 mm, where a code is still read and a hand is not.
"""
_WIDTH = 1600


def is_blurred(picture: bytes) -> bool:
    """Whether a JPEG of a page shows print that is too soft to be read."""
    page = Image.open(io.BytesIO(picture)).convert("L")
    page.thumbnail((_WIDTH, _WIDTH * 2))
    softer = page.filter(ImageFilter.GaussianBlur(2))
    return ImageStat.Stat(ImageChops.difference(page, softer)).rms[0] < SHARP_TONES
