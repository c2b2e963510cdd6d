"""The process that reads issued pages; run by `read_issued_pages` with limits, its work on standard input.

Standard input is one JSON document: the layouts of forms by digest, and pages in the order in which they
are to be read. For each it writes a line of JSON as soon as it is read.

Arguments: bytes of memory, seconds.
"""

import base64
import sys
from collections.abc import Mapping
from functools import cache
from itertools import count
from typing import Any

import cv2
import numpy as np
import orjson

from downtime.paper.forms.model import SignedRows
from downtime.paper.layout.issued_page import IssuedContent, IssuedPage
from downtime.paper.layout.model import FormLayout, read_geometry
from downtime.processes.sandbox import limit_resources
from downtime.scanning.page_reading import GateReason, PageReading
from downtime.scanning.pixels import Pixels
from downtime.scanning.printed_page import IssuedPrint, StampedPrints, render_printed_page
from downtime.scanning.read_page import read_issued_page


def main(memory: str, seconds: str) -> int:
    """Write what is on each page."""
    limit_resources(memory, seconds)
    work = orjson.loads(sys.stdin.buffer.read())
    layouts = {digest: parse_layout(digest, text) for digest, text in work["layouts"].items()}

    @cache
    def print_page(digest: str, number: int, drill: bool) -> Pixels:
        return render_printed_page(layouts[digest], number, drill)

    issued = [parse_issued(page, layouts[page["layout"]]) for page in work["pages"]]
    known = [page for page in issued if page]
    prints, indexes = StampedPrints(known), count()
    for page, stamped in zip(work["pages"], issued, strict=True):
        layout, number = layouts[page["layout"]], page["number"]
        if number > len(layout.pages):
            reading = PageReading(number, gate=GateReason.NO_CODE)
        else:
            printed = IssuedPrint(print_page(page["layout"], number, page["drill"]))
            if stamped:
                printed = prints.lay_over(printed.picture, next(indexes))
            reading = read_issued_page(
                decode_picture(page["picture"]), layout, number, printed.picture,
                is_two_tone=page["two_tone"], stamped=printed.stamped, undrawn=printed.undrawn,
            )  # fmt: skip
        sys.stdout.buffer.write(orjson.dumps(reading.as_json()) + b"\n")
        sys.stdout.buffer.flush()
    return 0


def parse_issued(page: Mapping[str, Any], layout: FormLayout) -> IssuedPage | None:
    """What was printed on a page of a form; None where that was not kept, or the page has no layout."""
    content = page["content"]
    if not content or page["number"] > len(layout.pages):
        return None
    signed = tuple(SignedRows(tuple(fields), signature) for fields, signature in content["signed"])
    return IssuedPage(
        layout, page["number"], IssuedContent(content["values"], signed, content["pages"])
    )


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
