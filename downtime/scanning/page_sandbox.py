"""The process that reads issued pages; run by `read_issued_pages` with limits, its work on standard input.

Standard input is one JSON document: the layouts of forms by digest, and pages in the order in which they
are to be read. For each it writes a line of JSON as soon as it is read.

Arguments: bytes of memory, seconds.
"""

import base64
import sys
from collections.abc import Mapping
from functools import cache
from typing import Any

import cv2
import numpy as np
import orjson

from downtime.paper.layout.model import FormLayout, read_geometry
from downtime.processes.sandbox import limit_resources
from downtime.scanning.page_reading import GateReason, PageReading
from downtime.scanning.pixels import Pixels
from downtime.scanning.printed_page import render_printed_page
from downtime.scanning.read_page import read_issued_page


def main(memory: str, seconds: str) -> int:
    """Write what is on each page."""
    limit_resources(memory, seconds)
    work = orjson.loads(sys.stdin.buffer.read())
    layouts = {digest: parse_layout(digest, text) for digest, text in work["layouts"].items()}

    @cache
    def print_page(digest: str, number: int, drill: bool) -> Pixels:
        return render_printed_page(layouts[digest], number, drill)

    for page in work["pages"]:
        layout, number = layouts[page["layout"]], page["number"]
        if number > len(layout.pages):
            reading = PageReading(number, gate=GateReason.NO_CODE)
        else:
            printed = print_page(page["layout"], number, page["drill"])
            picture = decode_picture(page["picture"])
            reading = read_issued_page(
                picture, layout, number, printed, is_two_tone=page["two_tone"]
            )
        sys.stdout.buffer.write(orjson.dumps(reading.as_json()) + b"\n")
        sys.stdout.buffer.flush()
    return 0


def parse_layout(digest: str, document: Mapping[str, Any]) -> FormLayout:
    """What `write_layout` wrote."""
    size, pages = read_geometry(document["geometry"])
    pdf = base64.b64decode(document["pdf"])
    return FormLayout("", "", "", digest, pdf, size, pages)


def decode_picture(picture: str) -> Pixels:
    """A picture in grey, from Base64; ValueError."""
    content = np.frombuffer(base64.b64decode(picture), np.uint8)
    decoded = cv2.imdecode(content, cv2.IMREAD_GRAYSCALE)
    if decoded is None:
        raise ValueError("no picture")
    return decoded


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
