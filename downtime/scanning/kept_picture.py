"""What kind of picture a kept page is: JPEG as it was taken in, WebP once it was made small. Pure."""

from enum import StrEnum


class PictureType(StrEnum):
    """As a browser is told."""

    JPEG = "image/jpeg"
    WEBP = "image/webp"


SUFFIXES = {PictureType.JPEG: "jpg", PictureType.WEBP: "webp"}


def find_picture_type(picture: bytes) -> PictureType:
    """By the picture's own first bytes."""
    is_webp = picture[:4] == b"RIFF" and picture[8:12] == b"WEBP"
    return PictureType.WEBP if is_webp else PictureType.JPEG
