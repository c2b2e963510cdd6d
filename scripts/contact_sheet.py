"""One picture of all forms, blank, as they come from the printer: what a new site looks at first.

The picture names the forms that it shows (and their versions) in its PNG text `Forms`, so that a
test can tell when a form was added or changed and the picture was not drawn again.
"""

import io
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo

from downtime.paper import serials
from downtime.paper.forms.load_form import load_forms
from downtime.paper.forms.model import FormDefinition
from downtime.paper.layout.model import Imprint
from downtime.paper.layout.stamp_pages import DocumentPrinter
from downtime.paper.layout.template_layout import form_layout
from downtime.pdf.text import FONT_FOLDER, REGULAR
from downtime.pdf.writer import PdfWriter

FILE = Path(__file__).parents[1] / "docs" / "forms-contact-sheet.png"
COLUMNS = 8
CELL, CAPTION, GAP = 400, 34, 12
"""Pixels; a page is drawn as large as a square cell allows."""
GREYS = 16
MRN = "Hospital No."
IMPRINT = Imprint("Demonstration Hospital", "", False, "Blank form: filled in by hand.", "", MRN)


def named() -> str:
    """Every form and its version, one a line, as the picture names them."""
    return "\n".join(f"{name} {form.version}" for name, form in sorted(load_forms().items()))


def picture(form: FormDefinition, number: int) -> tuple[Image.Image, int]:
    """The first page of a form, and how many pages it has."""
    out = io.BytesIO()
    printer = DocumentPrinter(PdfWriter(out, form.title, datetime.now(UTC)), IMPRINT)
    pages = printer.print_form(form_layout(form, MRN), serials.make_serial("K7", number), {}, {})
    printer.finish()
    command = ["pdftoppm", "-r", "100", "-gray", "-singlefile", "-"]
    drawn = subprocess.run(command, input=out.getvalue(), capture_output=True, check=True).stdout
    page = Image.open(io.BytesIO(drawn))
    page.thumbnail((CELL, CELL), Image.Resampling.LANCZOS)
    return page, pages


def sheet() -> Image.Image:
    forms = [form for _, form in sorted(load_forms().items())]
    rows = -(-len(forms) // COLUMNS)
    size = (COLUMNS * (CELL + GAP) + GAP, rows * (CELL + CAPTION + GAP) + GAP)
    whole = Image.new("L", size, 225)
    pen = ImageDraw.Draw(whole)
    font = ImageFont.truetype(str(FONT_FOLDER / REGULAR), 17)
    for number, form in enumerate(forms):
        x_offset = GAP + number % COLUMNS * (CELL + GAP)
        top = GAP + number // COLUMNS * (CELL + CAPTION + GAP)
        page, pages = picture(form, number + 1)
        whole.paste(page, (x_offset + (CELL - page.width) // 2, top))
        caption = f"{form.name}, {pages} page{'s' if pages > 1 else ''}"
        pen.text((x_offset + CELL / 2, top + CELL + 4), caption, fill=0, font=font, anchor="ma")
    return whole


def main() -> None:
    text = PngInfo()
    text.add_text("Forms", named())
    whole = sheet().quantize(GREYS)
    whole.save(FILE, pnginfo=text, optimize=True)
    print(f"{FILE.name}: {len(load_forms())} forms, {FILE.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main()
