"""The same page by others: everything by WeasyPrint, and drawn by reportlab's canvas."""

import io
import re
import time
from html import escape
from typing import Any

import zxingcpp
from _pages import FORM, IMPRINT, MRN, codes, prepared, values

from downtime.paper import serials
from downtime.paper.forms.load_form import load_form
from downtime.paper.layout.template_layout import form_html
from downtime.pdf.templates import print_html


def weasyprint(count: int) -> tuple[float, int]:
    """Everything by WeasyPrint, one document a patient."""
    html = form_html(load_form(FORM), MRN)
    print_html(filled(html, 1))
    start, size = time.process_time(), 0
    for number in range(1, count + 1):
        size += len(print_html(filled(html, number)))
    return time.process_time() - start, size


def filled(html: str, number: int) -> str:
    texts = values(number) | IMPRINT.values()
    texts |= {
        "page.serial": serials.format_serial(serials.make_serial("K7", number)),
        "page.number": "Page 1",
    }
    drawn = dict(zip(("page.code-a", "page.code-b"), map(svg, codes(number)), strict=True))

    def put(match: re.Match[str]) -> str:
        key = match[1]
        name, _, code = key.partition("=")
        ticked = texts.get(key) == "true" or (code and texts.get(name) == code)
        return match[0] + (drawn.get(key) or ("X" if ticked else escape(texts.get(key, ""))))

    return re.sub(r'<a class="[^"]*" href="field:([^?"]+)[^>]*>', put, html)


def svg(payload: str) -> str:
    barcode = zxingcpp.create_barcode(payload, zxingcpp.BarcodeFormat.QRCodeModel2, ec_level="Q")
    drawn = barcode.to_svg(add_quiet_zones=False)
    return drawn[drawn.index("<svg") :].replace(' id="barcode"', "")


def reportlab(count: int) -> int:
    """The same page drawn by reportlab's canvas: rules, boxes, labels, values and codes."""
    from reportlab.lib.pagesizes import A4
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont
    from reportlab.pdfgen.canvas import Canvas

    from downtime.pdf.text import FONT_FOLDER

    for name in ("Regular", "Bold"):
        pdfmetrics.registerFont(TTFont(name, FONT_FOLDER / f"NotoSans-{name}.ttf"))
    layout, labels = prepared()
    places = layout.pages[0]

    def text(canvas: Canvas, place: Any, content: str, font: str) -> None:
        wide = pdfmetrics.stringWidth(content, font, place.size)
        size = place.size * min(1.0, place.width / wide) if wide else place.size
        canvas.setFont(font, size)
        canvas.drawString(place.x, place.y + (place.height - size * 0.7) / 2, content)

    def code(canvas: Canvas, place: Any, payload: str) -> None:
        barcode = zxingcpp.create_barcode(
            payload, zxingcpp.BarcodeFormat.QRCodeModel2, ec_level="Q"
        )
        image = barcode.to_image(scale=1, add_quiet_zones=False)
        modules, dots = image.shape[0], bytes(memoryview(image))
        step = place.width / modules
        for row in range(modules):
            line = dots[row * modules : (row + 1) * modules]
            for run in re.finditer(b"\x00+", line):
                x, y = place.x + run.start() * step, place.y + (modules - 1 - row) * step
                canvas.rect(x, y, (run.end() - run.start()) * step, step, stroke=0, fill=1)

    def page(canvas: Canvas, number: int) -> None:
        page_values = values(number) | IMPRINT.values() | {"page.number": "Page 1 of 1"}
        page_values["page.serial"] = serials.format_serial(serials.make_serial("K7", number))
        payloads = dict(zip(("page.code-a", "page.code-b"), codes(number), strict=True))
        for place in places:
            name, _, option = place.key.partition("=")
            if place.kind == "code":
                code(canvas, place, payloads[place.key])
                continue
            if place.kind == "tick":
                canvas.rect(place.x, place.y, place.width, place.height)
                if page_values.get(name) in ("true", option):
                    canvas.line(place.x, place.y, place.x + place.width, place.y + place.height)
            else:
                canvas.line(place.x, place.y, place.x + place.width, place.y)
                if value := page_values.get(place.key):
                    text(canvas, place, value, "Bold" if place.bold else "Regular")
            canvas.setFont("Regular", 7)
            label_x = place.x + (place.width + 5 if place.kind == "tick" else 0)
            canvas.drawString(label_x, place.y + place.height, labels.get(name, name))
        canvas.showPage()

    def document() -> int:
        out = io.BytesIO()
        canvas = Canvas(out, pagesize=A4, pageCompression=1)
        for number in range(1, count + 1):
            page(canvas, number)
        canvas.save()
        return len(out.getvalue())

    return document()
