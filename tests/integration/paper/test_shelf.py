"""The reference shelf: what may go on it, what is found on it, what has expired, and what a binder says."""

import hashlib
import io
import json
from dataclasses import replace
from datetime import timedelta

import pikepdf
import pytest
from reportlab.pdfgen.canvas import Canvas

from downtime.errors import ConflictError, InputError, NotFoundError
from downtime.outage_settings import ShelfSettings
from downtime.paper.packs.print_pack import print_pack
from downtime.paper.shelf import find_documents, keep_document, public_copies
from downtime.paper.shelf.binder_pages import BinderPages
from downtime.paper.shelf.keep_document import DocumentDraft
from downtime.paper.shelf.model import DocumentState
from downtime.settings import Settings
from downtime.vault.model import MachineRole
from tests.conftest import NOW
from tests.integration.paper.conftest import read_words
from tests.site import Site

INSULIN = DocumentDraft(
    title="Insulin protocol", kind="protocol", owner="Dr Cole, diabetes", review="2027-06-01",
    expires="2027-12-31", in_binder=True,
)  # fmt: skip
NUMBERS = DocumentDraft(
    title="Telephone book", kind="telephone-book", owner="Switchboard", review="2027-01-01",
    in_binder=True, is_public=True,
)  # fmt: skip
BOOK = b"Department,Number,Note\nBlood bank,5512,day and night\nSwitchboard,0,\n"


def pdf(*pages: str, wide: bool = False) -> bytes:
    """A PDF with a sentence on each page."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(800, 500) if wide else (595, 842))
    for text in pages:
        canvas.drawString(60, 400, text)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


@pytest.fixture
def shelf(vault, settings, actor):
    """`shelf(content, draft)` puts a file on the shelf."""

    def add(content, draft=INSULIN, **changes):
        draft = replace(draft, **changes)
        return keep_document.add_document(vault, settings, draft, content, actor, "approved")

    return add


def test_a_word_leads_to_its_page_and_a_telephone_line(vault, shelf):
    shelf(pdf("Start the long-acting infusion", "Ketones above 3 mmol/L"))
    shelf(BOOK, NUMBERS)
    (hit,) = find_documents.search_shelf(vault, "keton")
    assert (hit.document.latest.title, hit.page) == ("Insulin protocol", 2)
    assert "Ketones above 3" in hit.excerpt
    assert [hit.page for hit in find_documents.search_shelf(vault, "long-acting")] == [1]
    (line,) = find_documents.search_shelf(vault, "blood bank")
    assert "5512" in line.excerpt
    assert find_documents.search_shelf(vault, 'keton" OR *') == []
    assert find_documents.search_shelf(vault, "INSULIN cole")[0].page == 0


def test_a_new_version_counts_and_the_older_one_is_not_found_any_more(vault, shelf, actor):
    shelf(pdf("Dose is four units"))
    vault.clock = lambda: NOW + timedelta(hours=1)
    shelf(pdf("Dose is six units"))
    document = find_documents.get_document(vault, "insulin-protocol")
    assert document.number == 2
    assert find_documents.search_shelf(vault, "four") == []
    assert len(find_documents.search_shelf(vault, "six")) == 1
    keep_document.withdraw_document(
        vault, "insulin-protocol", actor, "replaced by the network's own"
    )
    assert find_documents.list_documents(vault) == []
    assert find_documents.search_shelf(vault, "six") == []
    with pytest.raises(NotFoundError):
        find_documents.get_document(vault, "insulin-protocol")


def test_what_has_expired_is_named_and_stays_out_of_the_binder(vault, settings, actor, shelf):
    shelf(pdf("Old"), expires="2026-11-20", review="2026-11-10")
    shelf(BOOK, NUMBERS)
    vault.clock = lambda: NOW + timedelta(days=30)
    today = vault.clock().date()
    documents = find_documents.list_documents(vault)
    states = {item.latest.title: item.latest.find_state(today) for item in documents}
    assert states["Insulin protocol"] == DocumentState.EXPIRED
    sentences = list(find_documents.list_warnings(documents, today, settings))
    assert (
        sentences
        == ["EXPIRED: Insulin protocol (since 20-Nov-2026). Ask Dr Cole, diabetes for the new one."]
        + sentences[1:]
    )
    pages = print_binder(vault, settings, actor)
    assert "Old" not in "".join(pages)
    named = print_binder(vault, settings, actor, "insulin-protocol")
    assert "EXPIRED" in named[1]


def print_binder(vault, settings, actor, *names):
    out = io.BytesIO()
    print_pack(vault, settings, BinderPages(documents=names), actor, "binder", out)
    return read_words(out.getvalue())


def test_each_page_of_a_binder_says_version_serial_and_until_when(vault, settings, actor, shelf):
    shelf(pdf("First page", "Second page", wide=True))
    shelf(BOOK, NUMBERS)
    pages = print_binder(vault, settings, actor)
    assert len(pages) == 4
    assert "Insulin protocol" in pages[0]
    assert "Telephone book" in pages[0]
    for number, page in enumerate(pages[1:3], 1):
        assert "Version 1 of 02-Nov-2026, review by 01-Jun-2027, use until 31-Dec-2027." in page
        assert "K7-" in page
        assert f"page {number} of 2" in page
    assert "Second page" in pages[2]
    assert "5512" in pages[3]


def scripted() -> bytes:
    with pikepdf.open(io.BytesIO(pdf("Read me"))) as document:
        script = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=pikepdf.String("app.alert(1)"))
        document.Root.OpenAction = document.make_indirect(script)
        document.attachments["a.exe"] = b"MZ"
        link = pikepdf.Dictionary(
            Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Link, Rect=[0, 0, 100, 100],
            A=pikepdf.Dictionary(S=pikepdf.Name.URI, URI=pikepdf.String("http://evil.example")),
        )  # fmt: skip
        document.pages[0].Annots = document.make_indirect(pikepdf.Array([link]))
        out = io.BytesIO()
        document.save(out)
    return out.getvalue()


def test_what_is_kept_of_a_pdf_is_what_its_pages_show(vault, shelf):
    content = find_documents.read_file(vault, shelf(scripted()))
    for word in (b"JavaScript", b"evil.example", b"EmbeddedFile", b"/Annots", b"OpenAction"):
        assert word not in content
    with pikepdf.open(io.BytesIO(content)) as copy:
        assert [str(key) for key in copy.Root if str(key) not in ("/Pages", "/Type")] == []
    assert find_documents.search_shelf(vault, "read me")


def locked_pdf() -> bytes:
    with pikepdf.open(io.BytesIO(pdf("secret"))) as document:
        out = io.BytesIO()
        document.save(out, encryption=pikepdf.Encryption(owner="o", user="u"))
    return out.getvalue()


def bomb() -> bytes:
    """A page that asks to be drawn thousands of thousands of times."""
    with pikepdf.new() as document:
        page = document.add_blank_page(page_size=(595, 842))
        inner = document.make_stream(b"0 0 1 1 re f\n" * 5000)
        inner.Type, inner.Subtype = pikepdf.Name.XObject, pikepdf.Name.Form
        inner.BBox = [0, 0, 595, 842]
        form = inner
        for _ in range(6):
            outer = document.make_stream(b"/F Do\n" * 40)
            outer.Type, outer.Subtype = pikepdf.Name.XObject, pikepdf.Name.Form
            outer.BBox = [0, 0, 595, 842]
            outer.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(F=form))
            form = outer
        page.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(F=form))
        page.Contents = document.make_stream(b"/F Do\n")
        out = io.BytesIO()
        document.save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (pdf("cut")[:300], "damaged"),
        (b"%PDF-1.7\n", "damaged"),
        (b"\x89PNG\r\n\x1a\n\x00", "no PDF and no table"),
        (b"one column only\n", "each line has the columns"),
        (b"a,b\n1,2,3\n", "each line has the columns"),
        (b"a,b\n", "a telephone book has a head"),
        (locked_pdf(), "locked"),
        (pdf(*"abcd"), "it has 4 pages"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_the_reason(vault, actor, content, words):
    settings = Settings(shelf=ShelfSettings(max_pages=3))
    draft = NUMBERS if content.startswith((b"a", b"one")) else INSULIN
    with pytest.raises(InputError, match=words):
        keep_document.add_document(vault, settings, draft, content, actor, "r")
    assert find_documents.list_documents(vault) == []


def test_a_drawing_bomb_is_refused_within_its_time(vault, actor):
    settings = Settings(shelf=ShelfSettings(seconds=4))
    with pytest.raises(InputError, match="takes too long|asks for too much"):
        keep_document.add_document(vault, settings, INSULIN, bomb(), actor, "r")
    large = Settings(shelf=ShelfSettings(max_document_bytes=100))
    with pytest.raises(InputError, match="too large"):
        keep_document.add_document(vault, large, INSULIN, pdf("x"), actor, "r")


@pytest.mark.parametrize(
    "change",
    [
        {"review": ""}, {"review": "2026-11-01"}, {"review": "soon"}, {"expires": "2026-01-01"},
        {"owner": ""}, {"title": " "}, {"kind": "gossip"}, {"name": "../x"},
    ],
)  # fmt: skip
def test_what_is_missing_or_past_is_said(vault, shelf, change):
    with pytest.raises(InputError):
        shelf(pdf("x"), **change)
    assert find_documents.list_documents(vault) == []


def test_only_a_publisher_keeps_the_shelf(vault, shelf):
    Site().enrol(vault, MachineRole.WARD_LAPTOP)
    with pytest.raises(ConflictError, match="kept on a publisher"):
        shelf(pdf("x"))


def test_what_is_public_is_read_without_a_key_and_only_as_this_machine_signed_it(vault, shelf):
    version = shelf(BOOK, NUMBERS)
    shelf(pdf("Not for everybody"))
    home = vault.home
    vault.close()
    assert [item.id for item in public_copies.list_public(home)] == [version.id]
    assert b"5512" in public_copies.read_public(home, version.id)[1]
    path = home.shelf_folder / f"public-{version.sha256}"
    path.write_bytes(path.read_bytes().replace(b"5512", b"5513"))
    with pytest.raises(NotFoundError):
        public_copies.read_public(home, version.id)
    document = json.loads((home.shelf_folder / "public.json").read_text())
    document["versions"][0]["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    (home.shelf_folder / "public.json").write_text(json.dumps(document))
    assert public_copies.list_public(home) == []


def test_a_document_that_is_not_public_any_more_leaves_the_disk(vault, shelf, actor):
    version = shelf(BOOK, NUMBERS)
    vault.clock = lambda: NOW + timedelta(hours=1)
    keep_document.withdraw_document(vault, version.document, actor, "numbers have changed")
    assert public_copies.list_public(vault.home) == []
    assert list(vault.home.shelf_folder.glob("public-*")) == []
