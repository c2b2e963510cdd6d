"""The process that opens one PDF for the shelf; run by `read_document` with limits, the file on standard input.

It writes one line of JSON: an error, or a clean copy and the words of each page. The copy holds what
the pages show and nothing else: no form, script, attachment or link; each page stands on A4 with room
below for a line of the binder. Every page is drawn once: what cannot be drawn within the limits here
would freeze a laptop.

Arguments: most pages, bytes of memory, seconds.
"""

import base64
import io
import sys
from typing import Any

import orjson
import pikepdf
import pypdfium2

from downtime.processes.sandbox import limit_resources

_SHORT, _LONG = 595.28, 841.89
FOOT = 30.0
"""Points at the lower edge of each page that stay free."""
_DRAWN_DPI = 30


class Unusable(Exception):
    """Why this PDF cannot be on the shelf."""


def main(most_pages: str, memory: str, seconds: str) -> int:
    """Write what was asked for, or one object that says why not."""
    limit_resources(memory, seconds)
    content = sys.stdin.buffer.read()
    try:
        answer = _read(content, int(most_pages))
    except pikepdf.PasswordError:
        answer = {"error": "it is locked with a password"}
    except Unusable as error:
        answer = {"error": str(error)}
    except (pikepdf.PdfError, pypdfium2.PdfiumError, ValueError, KeyError, TypeError):
        answer = {"error": "it is damaged, or no PDF"}
    sys.stdout.buffer.write(orjson.dumps(answer) + b"\n")
    return 0


def _read(content: bytes, most_pages: int) -> dict[str, Any]:
    copy = _clean(content, most_pages)
    document = pypdfium2.PdfDocument(copy)
    texts = []
    for page in document:
        page.render(scale=_DRAWN_DPI / 72)
        texts.append(page.get_textpage().get_text_bounded())
    return {"pdf": base64.b64encode(copy).decode(), "texts": texts}


def _clean(content: bytes, most_pages: int) -> bytes:
    with pikepdf.open(io.BytesIO(content)) as source, pikepdf.new() as copy:
        if not 1 <= len(source.pages) <= most_pages:
            raise Unusable(f"it has {len(source.pages)} pages; the shelf takes 1 to {most_pages}")
        if "/AcroForm" in source.Root:
            source.generate_appearance_streams()
        source.flatten_annotations("print")
        for page in source.pages:
            _copy_page(page, copy)
        out = io.BytesIO()
        copy.remove_unreferenced_resources()
        copy.save(out, compress_streams=True)
    return out.getvalue()


def _copy_page(page: pikepdf.Page, copy: pikepdf.Pdf) -> None:
    page.trimbox = page.cropbox
    box = [float(side) for side in page.cropbox]
    wide, high = abs(box[2] - box[0]), abs(box[3] - box[1])
    if int(page.obj.get("/Rotate", 0)) % 180:
        wide, high = high, wide
    size = (_LONG, _SHORT) if wide > high else (_SHORT, _LONG)
    sheet = copy.add_blank_page(page_size=size)
    sheet.add_overlay(page, pikepdf.Rectangle(0, FOOT, *size))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))
