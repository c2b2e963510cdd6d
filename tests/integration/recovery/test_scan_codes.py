"""The code on a scanned paper decides whose scan it is, at every door."""

import io

import pytest
from PIL import Image

from downtime.entry import scans
from downtime.entry.merge_scans import ScanMerger
from downtime.entry.model import ScanDoubt
from downtime.errors import ConflictError, InputError
from downtime.paper.serials import format_serial, make_page_code, make_serial
from downtime.sync import paper_lists
from tests.integration.returns.pictures import (
    as_file,
    as_pdf,
    blank_page,
    coded_page,
    inked_page,
)

STRANGE = make_serial("Q9", 1)
"""Of a laptop that has sent nothing."""


@pytest.fixture
def serial(issue):
    return issue("observations")


@pytest.fixture
def other(issue):
    return issue("observations")


def pictures(vault, serial, pages):
    return [
        Image.open(io.BytesIO(scans.get_page_picture(vault, serial, n)))
        for n in range(1, pages + 1)
    ]


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "PDF"])
def test_a_paper_whose_code_names_this_form_is_attached_and_says_so(
    vault, settings, serial, actor, kind
):
    info = scans.attach_scan(vault, settings, serial, as_file(coded_page(serial), kind), actor)
    assert info.is_read
    assert set(info.codes.split()) == {c for c in info.codes.split() if c.startswith(serial)}
    assert not info.without_code


@pytest.mark.parametrize("without_code", [False, True])
def test_a_code_of_another_form_is_refused_with_both_serials_whatever_anybody_says(
    vault, settings, serial, other, actor, without_code
):
    paper = as_file(coded_page(other))
    with pytest.raises(ConflictError) as refused:
        scans.attach_scan(vault, settings, serial, paper, actor, without_code=without_code)
    assert format_serial(serial) in refused.value.sentence
    assert format_serial(other) in refused.value.sentence
    assert scans.find_scan(vault, serial) is None


def test_one_foreign_page_among_several_is_refused(vault, settings, serial, other, actor):
    stack = as_pdf(coded_page(serial, 1), coded_page(other, 2))
    with pytest.raises(ConflictError, match=format_serial(other)):
        scans.attach_scan(vault, settings, serial, stack, actor, without_code=True)


def test_a_code_of_a_form_that_this_machine_never_printed_is_refused_too(
    vault, settings, serial, actor
):
    with pytest.raises(ConflictError, match=format_serial(STRANGE)):
        scans.attach_scan(vault, settings, serial, as_file(coded_page(STRANGE)), actor)


def test_without_a_code_a_person_says_so_and_the_scan_is_marked(vault, settings, serial, actor):
    paper = as_file(inked_page())
    with pytest.raises(ConflictError, match="No code can be read"):
        scans.attach_scan(vault, settings, serial, paper, actor)
    info = scans.attach_scan(vault, settings, serial, paper, actor, without_code=True)
    assert (info.without_code, info.is_read) == (1, False)
    query = "SELECT why FROM audit WHERE target = ? AND action = 'entry.scan'"
    reasons = [row["why"] for row in vault.db.query(query, [serial])]
    assert reasons == [f"{info.sha256}, no code read"]


def test_saying_so_of_a_paper_whose_code_was_read_marks_nothing(vault, settings, serial, actor):
    paper = as_file(coded_page(serial))
    info = scans.attach_scan(vault, settings, serial, paper, actor, without_code=True)
    assert info.is_read


def test_each_page_with_ink_shows_a_code_and_an_empty_back_needs_none(
    vault, settings, serial, other, actor
):
    with pytest.raises(ConflictError, match="page 2 of this file"):
        scans.attach_scan(vault, settings, serial, as_pdf(coded_page(serial), inked_page()), actor)
    info = scans.attach_scan(
        vault, settings, serial, as_pdf(coded_page(serial), blank_page()), actor
    )
    assert info.is_read


@pytest.mark.parametrize("angle", [90, 180, 270])
def test_a_page_fed_the_wrong_way_is_turned_as_its_code_stands(
    vault, settings, serial, actor, angle
):
    turned = coded_page(serial).rotate(angle, expand=True)
    scans.attach_scan(vault, settings, serial, as_file(turned), actor)
    (picture,) = pictures(vault, serial, 1)
    assert picture.height > picture.width
    assert picture.getpixel((picture.width // 2, round(0.177 * picture.height)))[0] < 100
    assert picture.getpixel((picture.width // 2, round(0.823 * picture.height)))[0] > 200


def test_pages_fed_from_behind_stand_as_they_were_printed(vault, settings, serial, actor):
    second = coded_page(serial, 2)
    second.paste(0, (300, 900, 900, 1000))
    stack = as_pdf(second, blank_page(), coded_page(serial, 1))
    scans.attach_scan(vault, settings, serial, stack, actor)
    tones = [
        p.getpixel((round(0.48 * p.width), round(0.54 * p.height)))[0] > 200
        for p in pictures(vault, serial, 3)
    ]
    assert tones == [True, False, True]


def test_one_file_is_the_scan_of_one_form(vault, settings, serial, other, actor):
    paper = as_file(inked_page())
    scans.attach_scan(vault, settings, serial, paper, actor, without_code=True)
    with pytest.raises(ConflictError) as refused:
        scans.attach_scan(vault, settings, other, paper, actor, without_code=True)
    assert format_serial(serial) in refused.value.sentence
    assert format_serial(other) in refused.value.sentence
    scans.detach_scan(vault, serial, actor, "it is the other one's")
    scans.attach_scan(vault, settings, other, paper, actor, without_code=True)


@pytest.fixture
def merge(vault, actor):
    """`merge(rows)`: scans as another machine sent them."""

    def one(*rows):
        with vault.change(actor, "sync.merge") as db:
            merger = ScanMerger(db, "K7", actor, vault.now(), lambda serial: "")
            for row in rows:
                merger.merge_scan(row)
            merger.finish()

    return one


def sent(serial, sha256="a" * 64, **marks):
    return {
        "serial": serial, "media_type": "image/png", "sha256": sha256, "bytes": 3, "pages": 1,
        "attached": "2026-11-02T14:00:00Z", "attached_by": "q", "attached_name": "Quin Far",
        "content": b"abc", **marks,
    }  # fmt: skip


def code_of(serial):
    return make_page_code(serial, 1, "A")


def in_doubt(vault, settings):
    lines = paper_lists.list_papers(vault, settings, "scans")
    return {line.serial for line in lines}


def test_a_laptop_s_scan_is_judged_by_its_code_and_waits_for_a_person_when_in_doubt(
    vault, settings, issue, merge, actor
):
    right, wrong, older, told = (issue("observations") for _ in range(4))
    merge(
        sent(right, "a" * 64, codes=code_of(right), without_code=0),
        sent(wrong, "b" * 64, codes=code_of(right), without_code=0, doubt=""),
        sent(older, "c" * 64),
        sent(told, "d" * 64, codes="", without_code=1),
    )
    assert scans.find_scan(vault, right).is_read
    assert scans.find_scan(vault, told).without_code
    assert scans.find_scan(vault, wrong) is None
    assert scans.find_scan(vault, older) is None
    assert scans.find_doubtful_scan(vault, wrong).doubt == ScanDoubt.OTHER_SERIAL
    assert scans.find_doubtful_scan(vault, older).doubt == ScanDoubt.NO_CODE
    assert in_doubt(vault, settings) == {wrong, older}
    with pytest.raises(ConflictError, match=format_serial(right)):
        scans.confirm_scan(vault, wrong, actor, "looked at it")
    with pytest.raises(InputError):
        scans.confirm_scan(vault, older, actor, " ")
    scans.confirm_scan(vault, older, actor, "the serial stands at the top")
    scans.detach_scan(vault, wrong, actor, "of another form")
    assert scans.find_scan(vault, older).without_code
    assert in_doubt(vault, settings) == set()


@pytest.mark.parametrize("first", [0, 1])
def test_one_file_of_two_forms_is_in_doubt_whichever_bundle_came_first(
    vault, settings, serial, other, merge, actor, first
):
    rows = [sent(serial, codes="", without_code=1), sent(other, codes="", without_code=1)]
    merge(rows[first])
    merge(rows[1 - first])
    assert in_doubt(vault, settings) == {serial, other}
    assert scans.find_scan(vault, serial) is scans.find_scan(vault, other) is None
    scans.detach_scan(vault, serial, actor, "it is the other one's")
    assert in_doubt(vault, settings) == set()
    assert scans.find_scan(vault, other).serial == other
