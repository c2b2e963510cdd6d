"""Scans: taken by content, kept encrypted, shown beside the fields where the page is as printed."""

import io

import pytest
from PIL import Image

from downtime.entry import scans
from downtime.errors import ConflictError, InputError, NotFoundError
from downtime.paper.forms.load_form import load_form
from downtime.paper.layout.template_layout import form_layout
from downtime.paper.store import layouts
from downtime.settings import EntrySettings, Settings


def picture(kind: str = "PNG", size=(827, 1169), colour="white", mode="RGB") -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, colour).save(out, kind)
    return out.getvalue()


@pytest.fixture
def serial(issue):
    return issue("observations")


@pytest.mark.parametrize(
    ("kind", "media_type"),
    [("PNG", "image/png"), ("JPEG", "image/jpeg"), ("PDF", "application/pdf")],
)
def test_a_scan_is_kept_as_it_came_with_a_picture_of_each_page(
    vault, settings, serial, actor, kind, media_type
):
    content = picture(kind)
    kept = scans.attach_scan(
        vault, settings, f"{serial[:2]}-{serial[2:8]}-{serial[8:]}", content, actor,
        without_code=True,
    )  # fmt: skip
    assert (kept.media_type, kept.pages, kept.attached_name) == (media_type, 1, actor.name)
    found = scans.get_scan_file(vault, settings, serial)
    assert found.content == content
    with Image.open(io.BytesIO(scans.get_page_picture(vault, serial, 1))) as page:
        assert page.format == "JPEG"
        assert page.height > page.width
    with pytest.raises(NotFoundError):
        scans.get_page_picture(vault, serial, 2)


def test_the_vault_holds_nothing_of_it_in_clear(vault, settings, serial, actor):
    content = picture()
    scans.attach_scan(vault, settings, serial, content, actor, without_code=True)
    vault.db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    held = b"".join(p.read_bytes() for p in vault.home.path.rglob("*") if p.is_file())
    assert content[:64] not in held
    assert b"JFIF" not in held


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"MZ\x90\x00 not a scan", "no PDF, PNG or JPEG"),
        (b"%PDF-1.7\nbroken", "damaged"),
        (b"\x89PNG\r\n\x1a\nbroken", "damaged"),
        (b"\xff\xd8\xff broken", "damaged"),
    ],
)
def test_what_is_no_scan_is_refused(vault, settings, serial, actor, content, reason):
    with pytest.raises(InputError, match=reason):
        scans.attach_scan(vault, settings, serial, content, actor)
    assert scans.get_scan_file(vault, settings, serial) is None


def test_a_file_that_is_too_large_or_asks_for_too_much_is_refused(vault, serial, actor):
    small = Settings(entry=EntrySettings(scan_max_bytes=1000))
    with pytest.raises(InputError, match="scan_max_bytes"):
        scans.attach_scan(vault, small, serial, picture(), actor)
    with pytest.raises(InputError, match="damaged"):
        scans.attach_scan(
            vault, Settings(), serial, picture(size=(20_000, 20_000), mode="1"), actor
        )


def test_a_second_file_for_one_serial_is_refused_and_the_same_again_is_not(
    vault, settings, serial, actor
):
    content = picture()
    first = scans.attach_scan(vault, settings, serial, content, actor, without_code=True)
    assert scans.attach_scan(vault, settings, serial, content, actor) == first
    with pytest.raises(ConflictError, match="has a scan already"):
        scans.attach_scan(
            vault, settings, serial, picture(colour="black"), actor, without_code=True
        )
    with pytest.raises(InputError):
        scans.detach_scan(vault, serial, actor, " ")
    scans.detach_scan(vault, serial, actor, "belongs to another form")
    assert scans.get_scan_file(vault, settings, serial) is None
    other = picture(colour="black")
    assert scans.attach_scan(vault, settings, serial, other, actor, without_code=True).pages == 1


def test_a_field_is_found_where_it_was_printed_unless_the_page_is_turned(
    vault, settings, issue, actor
):
    form = load_form("transfer")
    upright, turned = issue("transfer"), issue("transfer")
    made = form_layout(form, "Hospital No.")
    with vault.change(actor, "form.print") as db:
        layouts.insert_layout(db, made, form.source, vault.now())
        db.execute("UPDATE form_issue SET layout = ?", [made.digest])
    scans.attach_scan(vault, settings, upright, picture(), actor, without_code=True)
    sideways = picture(size=(1169, 827))
    scans.attach_scan(vault, settings, turned, sideways, actor, without_code=True)
    spots = scans.find_field_positions(vault, upright)
    assert spots["event.date"].page == len(made.pages)
    assert spots["event.date"].y > spots["patient.name"].y
    assert all(0 <= s.x <= s.x + s.width <= 1 and 0 <= s.y <= 1 for s in spots.values())
    assert scans.find_field_positions(vault, turned) == {}
