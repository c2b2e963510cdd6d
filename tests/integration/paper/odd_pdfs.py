"""Odd PDFs of hospitals: what is wrong or unusual in each, and whether it is printed or refused."""

import io
from collections.abc import Callable

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf

MM = 72 / 25.4
A4 = (210 * MM, 297 * MM)
MARK = b"q 3 w 30 30 m 565 812 l S 60 700 120 60 re f 1 0 0 rg 400 90 80 40 re f Q\n"
HIDDEN = b"q 0 0 1 rg 200 300 200 200 re f Q\n"


def _sheet(content: bytes = MARK, size: tuple[float, float] = A4) -> Pdf:
    document = pikepdf.new()
    _add_page(document, content, size)
    return document


def _add_page(document: Pdf, content: bytes = MARK, size: tuple[float, float] = A4) -> None:
    page = document.add_blank_page(page_size=size)
    page.obj.Contents = document.make_stream(content)


def _save(document: Pdf, **options: object) -> bytes:
    out = io.BytesIO()
    document.save(out, **options)
    return out.getvalue()


def _rotated() -> bytes:
    document = _sheet(size=(A4[1], A4[0]))
    document.pages[0].obj.Rotate = 90
    return _save(document)


def _rotated_inherited() -> bytes:
    document = _sheet()
    document.Root.Pages.Rotate = 180
    return _save(document)


def _cropped() -> bytes:
    document = _sheet()
    document.pages[0].obj.CropBox = Array([50, 60, 545, 780])
    return _save(document)


def _crop_beyond_media() -> bytes:
    document = _sheet()
    document.pages[0].obj.CropBox = Array([-100, -100, 900, 1200])
    return _save(document)


def _negative_boxes() -> bytes:
    document = _sheet(b"q 1 0 0 1 -300 -400 cm " + MARK + b" Q")
    document.pages[0].obj.MediaBox = Array([-300, -400, 295, 442])
    return _save(document)


def _boxes_swapped() -> bytes:
    document = _sheet()
    document.pages[0].obj.MediaBox = Array([A4[0], A4[1], 0, 0])
    return _save(document)


def _user_unit() -> bytes:
    document = _sheet(b"q 0.5 0 0 0.5 0 0 cm " + MARK + b" Q", (A4[0] / 2, A4[1] / 2))
    document.pages[0].obj.UserUnit = 2
    return _save(document, min_version="1.6")


def _locked() -> bytes:
    return _save(_sheet(), encryption=pikepdf.Encryption(owner="o", user="u"))


def _locked_for_owner() -> bytes:
    return _save(_sheet(), encryption=pikepdf.Encryption(owner="o", user=""))


def _damaged_xref() -> bytes:
    content = _save(_sheet())
    start = content.rindex(b"startxref")
    return content[:start] + b"startxref\n99999\n%%EOF\n"


def _cut() -> bytes:
    content = _save(_sheet())
    return content[: len(content) // 2]


def _broken_stream() -> bytes:
    document = _sheet()
    document.pages[0].obj.Contents = document.make_stream(b"x")
    document.pages[0].obj.Contents.write(b"not deflated", filter=Name.FlateDecode)
    return _save(document)


def _huge() -> bytes:
    return _save(_sheet(size=(14_000, 14_000)))


def _no_page() -> bytes:
    return _save(pikepdf.new())


def _many_pages() -> bytes:
    document = _sheet()
    for _ in range(199):
        _add_page(document)
    return _save(document)


def _mixed_sizes() -> bytes:
    document = _sheet()
    _add_page(document, size=(A4[1], A4[0]))
    return _save(document)


def _landscape() -> bytes:
    return _save(_sheet(b"q 3 w 30 30 m 812 565 l S 60 400 120 60 re f Q", (A4[1], A4[0])))


def _script_on_opening() -> bytes:
    document = _sheet()
    document.Root.OpenAction = Dictionary(S=Name.JavaScript, JS="app.alert(1)")
    return _save(document)


def _script_by_name() -> bytes:
    document = _sheet()
    script = Dictionary(S=Name.JavaScript, JS="app.alert(1)")
    document.Root.Names = Dictionary(JavaScript=Dictionary(Names=Array(["a", script])))
    return _save(document)


def _script_in_a_field() -> bytes:
    document = _sheet()
    field = _widget(document, "Weight", "/Tx")
    field.AA = Dictionary(K=Dictionary(S=Name.JavaScript, JS="AFNumber_Keystroke(1)"))
    return _save(document)


def _launches_a_program() -> bytes:
    document = _sheet()
    document.Root.OpenAction = Dictionary(S=Name.Launch, F="cmd.exe")
    return _save(document)


def _attachment() -> bytes:
    document = _sheet()
    document.attachments["macro.docm"] = b"PK\x03\x04"
    return _save(document)


def _film() -> bytes:
    document = _sheet()
    film = Dictionary(Type=Name.Annot, Subtype=Name.RichMedia, Rect=Array([0, 0, 90, 90]))
    document.pages[0].obj.Annots = Array([document.make_indirect(film)])
    return _save(document)


def _xfa() -> bytes:
    document = _sheet()
    _widget(document, "Reason", "/Tx")
    document.Root.AcroForm.XFA = document.make_stream(b"<xdp/>")
    return _save(document)


def _image_only() -> bytes:
    document = _sheet(b"q 595 0 0 842 0 0 cm /I Do Q")
    rows = b"".join(
        bytes([0 if 20 < y < 40 and 10 < x < 60 else 255 for x in range(100)]) for y in range(140)
    )
    image = document.make_stream(
        rows, Type=Name.XObject, Subtype=Name.Image, Width=100, Height=140,
        ColorSpace=Name.DeviceGray, BitsPerComponent=8,
    )  # fmt: skip
    document.pages[0].obj.Resources = Dictionary(XObject=Dictionary(I=image))
    return _save(document)


def _layers(*, off: bool) -> bytes:
    document = _sheet(MARK + b"/OC /L BDC " + HIDDEN + b"EMC\n")
    layer = document.make_indirect(Dictionary(Type=Name.OCG, Name="Draft"))
    document.pages[0].obj.Resources = Dictionary(Properties=Dictionary(L=layer))
    state = Dictionary(OFF=Array([layer])) if off else Dictionary(ON=Array([layer]))
    document.Root.OCProperties = Dictionary(OCGs=Array([layer]), D=state)
    return _save(document)


def _note(*, has_picture: bool, is_printed: bool = True) -> bytes:
    document = _sheet()
    note = Dictionary(
        Type=Name.Annot, Subtype=Name.Square, Rect=Array([200, 300, 400, 500]),
        F=4 if is_printed else 0, C=Array([0, 0, 1]), IC=Array([0, 0, 1]), Contents="New limit",
    )  # fmt: skip
    if has_picture:
        look = b"0 0 1 rg 0 0 200 200 re f"
        stream = document.make_stream(
            look, Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 200, 200])
        )
        note.AP = Dictionary(N=stream)
    document.pages[0].obj.Annots = Array([document.make_indirect(note)])
    return _save(document)


def _widget(document: Pdf, name: str, kind: str) -> pikepdf.Object:
    field = document.make_indirect(
        Dictionary(
            Type=Name.Annot, Subtype=Name.Widget, FT=Name(kind), T=name, F=4,
            Rect=Array([100, 400, 300, 425]), DA="/Helv 10 Tf 0 g", V="TYPED BEFORE",
            MK=Dictionary(BC=Array([0])),
        )
    )  # fmt: skip
    helvetica = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
    document.pages[0].obj.Annots = Array([field])
    document.Root.AcroForm = Dictionary(
        Fields=Array([field]), DR=Dictionary(Font=Dictionary(Helv=helvetica)), DA="/Helv 10 Tf 0 g"
    )
    return field


def _form_fields() -> bytes:
    document = _sheet()
    _widget(document, "Reason", "/Tx")
    return _save(document)


def _font(name: str, **more: object) -> bytes:
    document = _sheet(MARK + b"BT /F 24 Tf 72 500 Td (Penicillin 5 mg) Tj ET")
    font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name(name), **more)
    document.pages[0].obj.Resources = Dictionary(Font=Dictionary(F=font))
    return _save(document)


def _incremental() -> bytes:
    """A page whose content was replaced by an update that was appended."""
    content = _save(_sheet(HIDDEN), object_stream_mode=pikepdf.ObjectStreamMode.disable)
    with pikepdf.open(io.BytesIO(content)) as document:
        number, size = document.pages[0].obj.Contents.objgen[0], len(document.objects) + 1
        root = document.Root.objgen[0]
    start = content[content.rindex(b"startxref") :].split()[1].decode()
    at = len(content)
    body = b"%d 0 obj\n<</Length %d>>\nstream\n%s\nendstream\nendobj\n" % (number, len(MARK), MARK)
    xref = at + len(body)
    tail = (
        f"xref\n{number} 1\n{at:010} 00000 n \ntrailer\n<</Size {size} /Root {root} 0 R"
        f" /Prev {start}>>\nstartxref\n{xref}\n%%EOF\n"
    )
    return content + body + tail.encode()


def _transparent() -> bytes:
    document = _sheet(MARK + b"/G gs " + HIDDEN)
    document.pages[0].obj.Resources = Dictionary(ExtGState=Dictionary(G=Dictionary(ca=0.5)))
    return _save(document)


def _no_resources() -> bytes:
    document = _sheet()
    del document.pages[0].obj.Resources
    return _save(document)


def _two_pages() -> bytes:
    document = _sheet()
    _add_page(document)
    return _save(document)


PRINTED: dict[str, Callable[[], bytes]] = {
    "a rotated page": _rotated,
    "a rotation inherited from the tree": _rotated_inherited,
    "a crop box inside the media box": _cropped,
    "a crop box beyond the media box": _crop_beyond_media,
    "negative boxes": _negative_boxes,
    "a box whose corners are swapped": _boxes_swapped,
    "a user unit": _user_unit,
    "a landscape page": _landscape,
    "a scanned image only": _image_only,
    "layers that are all shown": lambda: _layers(off=False),
    "a note with an appearance": lambda: _note(has_picture=True),
    "fields that were filled": _form_fields,
    "a font that is not embedded": lambda: _font("/ArialNarrow-Bold"),
    "linearized": lambda: _save(_sheet(), linearize=True),
    "an incremental update": _incremental,
    "object streams": lambda: _save(_sheet(), object_stream_mode=pikepdf.ObjectStreamMode.generate),
    "transparency": _transparent,
    "a password for changes only": _locked_for_owner,
    "two equal pages": _two_pages,
}
"""What is printed as it is seen."""


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "a password": (_locked, "it is locked with a password"),
    "a damaged cross-reference table": (_damaged_xref, "damaged"),
    "half a file": (_cut, "damaged"),
    "a stream that does not unpack": (_broken_stream, "damaged"),
    "a page of five metres": (_huge, "a size between A6 and A3"),
    "no resources": (_no_resources, "damaged"),
    "no page": (_no_page, "it has 0 pages"),
    "200 pages": (_many_pages, "it has 200 pages"),
    "pages of two sizes": (_mixed_sizes, "different sizes"),
    "a script on opening": (_script_on_opening, "it runs a script"),
    "a script by name": (_script_by_name, "it runs a script"),
    "a script in a field": (_script_in_a_field, "it runs a script"),
    "a program that it starts": (_launches_a_program, "it starts a program"),
    "an attachment": (_attachment, "another file is attached to it"),
    "a film": (_film, "holds film, sound or 3D"),
    "an XFA form": (_xfa, "XFA"),
    "a hidden layer": (lambda: _layers(off=True), "layers that are switched off"),
    "a note without an appearance": (lambda: _note(has_picture=False), "a note"),
    "a note that is not printed": (
        lambda: _note(has_picture=True, is_printed=False),
        "a note",
    ),
    "no PDF": (lambda: b"<html>", "no PDF"),
}
"""What is refused, and a part of the sentence."""
