"""The process that makes kept pages small, or a PDF's pictures of them; run by `recode_pages` with limits.

Standard input is a JSON list of pictures in base64. For each it writes a line of JSON as soon as it is
done; of one that is no picture, an empty text.

Arguments: the type wanted, bytes of memory, seconds.
"""

import base64
import sys

import cv2
import orjson

from downtime.processes.sandbox import limit_resources
from downtime.scanning.kept_picture import PictureType
from downtime.scanning.recode_page import recode_page, to_jpeg


def main(wanted: str, memory: str, seconds: str) -> int:
    """Write each picture as the type that is wanted."""
    limit_resources(memory, seconds)
    recode = recode_page if wanted == PictureType.WEBP else to_jpeg
    for text in orjson.loads(sys.stdin.buffer.read()):
        try:
            picture = recode(base64.b64decode(text))
        except (ValueError, cv2.error):
            picture = b""
        sys.stdout.buffer.write(orjson.dumps(base64.b64encode(picture).decode()) + b"\n")
        sys.stdout.buffer.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))
