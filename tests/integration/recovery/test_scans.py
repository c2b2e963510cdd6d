"""Scans: taken by content, kept encrypted, shown beside the fields where the page is as printed."""

import io

import pytest
from PIL import Image

from downtime.entry import scans
from downtime.errors import ConflictError, InputError, NotFoundError
from downtime.paper import store
from downtime.paper.forms.definition import definition
from downtime.paper.layout.layout import form_layout
from downtime.settings import EntrySettings, Settings


def picture(kind: str = "PNG", size=(827, 1169), colour="white") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, kind)
    return out.getvalue()


@pytest.fixture
def serial(issue):
    return issue("observations")


@pytest.mark.parametrize(
    ("kind", "media_type"),
    [("PNG", "image/png"), ("JPEG", "image/jpeg"), ("PDF", "application/pdf")],
)
def test_a_scan_is_kept_as_it_came_with_a_picture_of_each_page(
    vault, settings, serial, who, kind, media_type
):
    content = picture(kind)
    kept = scans.attach(vault, settings, f"{serial[:2]}-{serial[2:8]}-{serial[8:]}", content, who)
    assert (kept.media_type, kept.pages, kept.attached_name) == (media_type, 1, who.name)
    found = scans.get(vault, serial)
    assert found.content == content
    with Image.open(io.BytesIO(scans.picture(vault, serial, 1))) as page:
        assert page.format == "JPEG"
        assert page.height > page.width
    with pytest.raises(NotFoundError):
        scans.picture(vault, serial, 2)


def test_the_vault_holds_nothing_of_it_in_clear(vault, settings, serial, who):
    content = picture()
    scans.attach(vault, settings, serial, content, who)
    vault.db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    held = b"".join(p.read_bytes() for p in vault.home.path.rglob("*") if p.is_file())
    assert content[:64] not in held
    assert b"JFIF" not in held


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "empty"),
        (b"MZ\x90\x00 not a scan", "no PDF, PNG or JPEG"),
        (b"%PDF-1.7\nbroken", "damaged"),
        (b"\x89PNG\r\n\x1a\nbroken", "damaged"),
        (b"\xff\xd8\xff broken", "damaged"),
    ],
)
def test_what_is_no_scan_is_refused(vault, settings, serial, who, content, why):
    with pytest.raises(InputError, match=why):
        scans.attach(vault, settings, serial, content, who)
    assert scans.get(vault, serial) is None


def test_a_file_that_is_too_large_or_asks_for_too_much_is_refused(vault, serial, who):
    small = Settings(entry=EntrySettings(scan_max_bytes=1000))
    with pytest.raises(InputError, match="scan_max_bytes"):
        scans.attach(vault, small, serial, picture(), who)
    with pytest.raises(InputError, match="damaged"):
        scans.attach(vault, Settings(), serial, picture(size=(20_000, 20_000)), who)


def test_a_second_file_for_one_serial_is_refused_and_the_same_again_is_not(
    vault, settings, serial, who
):
    content = picture()
    first = scans.attach(vault, settings, serial, content, who)
    assert scans.attach(vault, settings, serial, content, who) == first
    with pytest.raises(ConflictError, match="has a scan already"):
        scans.attach(vault, settings, serial, picture(colour="black"), who)
    with pytest.raises(InputError):
        scans.detach(vault, serial, who, " ")
    scans.detach(vault, serial, who, "belongs to another form")
    assert scans.get(vault, serial) is None
    assert scans.attach(vault, settings, serial, picture(colour="black"), who).pages == 1


def test_a_field_is_found_where_it_was_printed_unless_the_page_is_turned(
    vault, settings, issue, who
):
    form = definition("transfer")
    upright, turned = issue("transfer"), issue("transfer")
    made = form_layout(form, "Hospital No.")
    with vault.change(who, "form.print") as db:
        store.insert_layout(db, made, form.source, vault.now())
        db.execute("UPDATE form_issue SET layout = ?", [made.digest])
    scans.attach(vault, settings, upright, picture(), who)
    scans.attach(vault, settings, turned, picture(size=(1169, 827)), who)
    spots = scans.places(vault, upright)
    assert spots["event.date"].page == len(made.pages)
    assert spots["event.date"].y > spots["patient.name"].y
    assert all(0 <= s.x <= s.x + s.width <= 1 and 0 <= s.y <= 1 for s in spots.values())
    assert scans.places(vault, turned) == {}
