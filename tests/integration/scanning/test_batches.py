"""A box of paper: each page gets one outcome by its own code, whatever lies before and behind it."""

import io

import orjson
import pikepdf
import pytest
import zxingcpp
from PIL import Image, ImageOps

from downtime.entry import retire_forms, scans, settle_tray, take_in_batch
from downtime.entry.sort_pile import Pile, preview_pile
from downtime.entry.suggest_forms import suggest_forms
from downtime.entry.take_in_batch import list_missing_pages, list_scan_files, take_in_files
from downtime.entry.unscanned_pages import explain_unscanned, list_said
from downtime.errors import ConflictError, ForbiddenError, InputError
from downtime.paper import ledger, move_form
from downtime.paper.model import FormState
from downtime.paper.serials import format_serial, make_serial
from downtime.returns.statement.model import OpenKind
from downtime.returns.statement.open_items import find_open_items
from downtime.scanning import read_files, store
from downtime.scanning.model import PageOutcome
from tests.integration.returns.pictures import as_file, as_pdf, blank_page, coded_page, inked_page
from tests.integration.scanning.printed_paper import as_png, print_paper

STRANGE = make_serial("Q9", 1)


def as_tiff(*pages: Image.Image) -> bytes:
    content = io.BytesIO()
    pages[0].save(content, "TIFF", save_all=True, append_images=pages[1:])
    return content.getvalue()


@pytest.fixture
def box(tmp_path):
    """A scanner's folder: put files into it."""

    def put(**files):
        folder = tmp_path / "box"
        folder.mkdir(exist_ok=True)
        for name, content in files.items():
            (folder / name).write_bytes(content)
        return list_scan_files([folder])

    return put


def counted(report):
    return {str(outcome): n for outcome, n in report.counts.items() if n}


def test_pages_of_any_kind_of_file_lie_with_their_forms_which_have_come_back(
    vault, settings, outage, issue, actor, box
):
    serials = [issue("observations") for _ in range(5)]
    pages = [coded_page(serial) for serial in serials]
    files = box(
        a=as_pdf(pages[0], blank_page(), pages[1].rotate(180)),
        b=as_tiff(pages[2], inked_page()),
        c=as_file(pages[3], "JPEG"),
        d=as_file(ImageOps.mirror(pages[4])),
    )
    report = take_in_files(vault, settings, files, "Ward A1", actor)
    assert counted(report) == {"filed": 5, "blank": 1, "unreadable": 1}
    for serial in serials:
        assert ledger.get_form(vault, serial).state == "returned"
        assert scans.find_scan(vault, serial).is_read
        assert scans.list_pages(vault, serial) == [1]
    upright = Image.open(io.BytesIO(scans.get_page_picture(vault, serials[1], 1)))
    assert upright.getpixel((upright.width // 2, round(0.177 * upright.height)))[0] < 100
    through_its_back = Image.open(io.BytesIO(scans.get_page_picture(vault, serials[4], 1)))
    width, height = through_its_back.size
    for corner in ((width // 2, 0, width, height // 4), (0, height * 3 // 4, width // 2, height)):
        (code,) = zxingcpp.read_barcodes(through_its_back.crop(corner))
        assert code.orientation == 0
    assert report.batch.ended
    (unread,) = store.fetch_tray(vault.db, outage.id)
    assert (unread.file, unread.place) == ("b", 2)


def test_a_page_without_a_code_never_takes_the_number_of_its_neighbour(
    vault, settings, issue, actor, box
):
    serial = issue("observations")
    stack = as_pdf(inked_page(), coded_page(serial), inked_page())
    report = take_in_files(vault, settings, box(a=stack), "Ward A1", actor)
    assert counted(report) == {"filed": 1, "unreadable": 2}
    assert scans.list_pages(vault, serial) == [1]


def test_what_belongs_to_no_form_of_this_outage_says_why(
    vault, settings, outage, issue, actor, box
):
    void, lost, other, twice = (issue("observations") for _ in range(4))
    vault.db.execute("UPDATE form_issue SET state = 'void' WHERE serial = ?", [void])
    vault.db.execute("UPDATE form_issue SET state = 'lost' WHERE serial = ?", [lost])
    vault.db.execute("UPDATE form_issue SET outage = 'another' WHERE serial = ?", [other])
    two_on_the_glass = coded_page(void)
    two_on_the_glass.paste(coded_page(lost).crop((840, 0, 1240, 400)), (600, 700))
    files = box(
        a=as_pdf(coded_page(void), coded_page(lost), coded_page(other), coded_page(STRANGE)),
        b=as_pdf(coded_page(twice), coded_page(twice), coded_page(twice, 9)),
        c=as_file(two_on_the_glass),
        d=b"no picture at all",
    )
    report = take_in_files(vault, settings, files, "Ward A1", actor)
    assert counted(report) == {
        "retired": 2, "other-outage": 1, "not-issued": 2, "filed": 1, "copy": 1, "unreadable": 1,
        "damaged": 1,
    }  # fmt: skip
    assert report.pages == 9
    assert len(store.fetch_tray(vault.db)) == 7
    assert [page.serial for page in store.fetch_tray(vault.db, "another")] == [other]


def test_a_damaged_file_costs_only_itself(vault, settings, issue, actor, box):
    serial = issue("observations")
    cut = as_file(coded_page(serial), "JPEG")[:3000]
    files = box(a=b"%PDF-1.7\nbroken", b=cut, c=as_file(coded_page(serial)))
    report = take_in_files(vault, settings, files, "Ward A1", actor)
    assert counted(report) == {"damaged": 2, "filed": 1}


def test_a_page_that_kills_its_child_is_damaged_and_the_next_ones_are_read(
    vault, settings, issue, actor, box, monkeypatch
):
    serials = [issue("observations") for _ in range(3)]
    read_lines, deaths = read_files.sandbox.read_lines, []

    def dying(*args, content):
        for number, line in enumerate(read_lines(*args, content=content)):
            if number == 1 and not deaths:
                deaths.append(line)
                raise read_files.sandbox.SandboxError(timed_out=False)
            yield line

    monkeypatch.setattr(read_files.sandbox, "read_lines", dying)
    files = box(a=as_pdf(*map(coded_page, serials)))
    report = take_in_files(vault, settings, files, "Ward A1", actor)
    assert counted(report) == {"filed": 2, "damaged": 1}


def test_pages_that_kill_their_children_one_after_the_other_cost_only_themselves(
    vault, settings, issue, actor, box, monkeypatch
):
    serials = [issue("observations") for _ in range(6)]
    read_lines, killed = read_files.sandbox.read_lines, {2, 3, 4, 5}

    def dying(*args, content):
        for line in read_lines(*args, content=content):
            if orjson.loads(line).get("place") in killed:
                raise read_files.sandbox.SandboxError(timed_out=False)
            yield line

    monkeypatch.setattr(read_files.sandbox, "read_lines", dying)
    files = box(a=as_pdf(*map(coded_page, serials)))
    report = take_in_files(vault, settings, files, "Ward A1", actor)
    assert counted(report) == {"filed": 2, "damaged": 4}


def test_a_locked_file_is_said_to_be_locked_and_the_next_one_is_read(
    vault, settings, issue, actor, box
):
    serial, locked = issue("observations"), io.BytesIO()
    with pikepdf.open(io.BytesIO(as_pdf(coded_page(serial)))) as document:
        document.save(locked, encryption=pikepdf.Encryption(owner="o", user="u"))
    files = box(a=locked.getvalue(), b=as_file(coded_page(serial)))
    report = take_in_files(vault, settings, files, "Ward A1", actor)
    assert counted(report) == {"filed": 1, "locked": 1}
    assert store.fetch_tray(vault.db)[0].outcome is PageOutcome.LOCKED
    with pytest.raises(InputError, match="locked with a password"):
        scans.read_scan(settings, locked.getvalue())


def test_a_picture_too_small_to_show_writing_is_no_empty_back(vault, settings, outage, actor, box):
    files = box(a=as_file(blank_page((200, 283))), b=as_file(blank_page()))
    report = take_in_files(vault, settings, files, "Ward A1", actor)
    assert counted(report) == {"blank": 1, "unreadable": 1}


def test_a_batch_that_was_stopped_goes_on_and_files_nothing_twice(
    vault, settings, issue, actor, box, monkeypatch
):
    serials = [issue("observations") for _ in range(4)]
    pages = [coded_page(serial) for serial in serials]
    files = box(a=as_pdf(*pages[:3]), b=as_file(pages[3]))
    take_in_page, taken = take_in_batch._take_in_page, []

    def killed(*args):
        if len(taken) == 2:
            raise KeyboardInterrupt
        taken.append(take_in_page(*args))

    with monkeypatch.context() as patched:
        patched.setattr(take_in_batch, "_take_in_page", killed)
        with pytest.raises(KeyboardInterrupt):
            take_in_files(vault, settings, files, "Ward A1", actor)
    report = take_in_files(vault, settings, files, "Ward A1", actor)
    assert counted(report) == {"filed": 4}
    (batch,) = store.fetch_batches(vault.db)
    assert batch.ended
    again = take_in_files(vault, settings, files, "Ward A1", actor)
    assert (again.pages, store.fetch_batch(vault.db, again.batch.id).repeated) == (0, 2)


def test_pages_of_one_form_come_in_any_order_and_what_lacks_is_listed(
    vault, settings, outage, issue, actor, box
):
    serial = issue("observations")
    vault.db.execute("UPDATE form_issue SET pages = 3 WHERE serial = ?", [serial])
    first = take_in_files(vault, settings, box(a=as_file(coded_page(serial, 3))), "Box 1", actor)
    assert list(list_missing_pages(vault, first.batch.id))[0][2] == [1, 2]
    take_in_files(vault, settings, box(b=as_file(coded_page(serial, 1))), "Box 2", actor)
    assert list(list_missing_pages(vault, first.batch.id))[0][2] == [2]
    scan = scans.get_scan_file(vault, settings, serial)
    assert scans.list_pages(vault, serial) == [1, 3]
    assert (scan.info.pages, scan.info.media_type) == (2, "application/pdf")
    assert scan.content.startswith(b"%PDF-")
    assert scan.content == scans.get_scan_file(vault, settings, serial).content


def test_a_form_whose_scan_came_as_one_file_keeps_it(vault, settings, issue, actor, box):
    serial = issue("observations")
    vault.db.execute("UPDATE form_issue SET pages = 2 WHERE serial = ?", [serial])
    whole = as_file(coded_page(serial, 1))
    scans.attach_scan(vault, settings, serial, whole, actor)
    files = box(a=as_pdf(coded_page(serial, 1), coded_page(serial, 2)))
    report = take_in_files(vault, settings, files, "Ward A1", actor)
    assert counted(report) == {"second-scan": 1, "other-scan": 1}
    assert scans.get_scan_file(vault, settings, serial).content == whole


def test_a_form_whose_page_lies_in_the_tray_is_not_void_or_lost_with_others(
    vault, settings, outage, issue, actor, checker, box
):
    """A page that the form should not have, or two papers on one another: somebody wrote on them."""
    odd, over, under, blank = (issue("observations") for _ in range(4))
    two_on_the_glass = coded_page(over)
    two_on_the_glass.paste(coded_page(under).crop((840, 0, 1240, 400)), (600, 700))
    pages = box(a=as_file(coded_page(odd, 9)), b=as_file(two_on_the_glass), c=as_file(inked_page()))
    take_in_files(vault, settings, pages, "Ward A1", actor)
    serials, ward = [odd, over, under, blank], Pile(outage.id, "A1")
    split = retire_forms.preview_retirement(vault, serials, FormState.VOID)
    assert split.serials == (blank,)
    assert {work.kind for work in split.carrying} == {"in-tray"}
    pile = preview_pile(vault, ward, dict.fromkeys(serials, FormState.LOST))
    assert (pile.serials["lost"], len(pile.carrying)) == ((blank,), 3)
    assert retire_forms.count_unnamed_pages(vault) == 1
    with pytest.raises(ForbiddenError, match="has a scanned page in the tray"):
        retire_forms.void_form(vault, odd, actor, "never used", with_work=True)
    assert retire_forms.void_form(vault, odd, checker, "looked", with_work=True).state == "void"


@pytest.fixture
def unread(vault, settings, outage, actor, box):
    take_in_files(vault, settings, box(a=as_file(inked_page())), "Ward A1", actor)
    (page,) = store.fetch_tray(vault.db)
    return page


def test_a_typed_serial_is_shown_with_its_person_and_filed_when_confirmed(
    vault, settings, issue, actor, unread
):
    serial = issue("observations")
    with pytest.raises(InputError):
        settle_tray.check_typed(vault, unread.id, serial[:-1] + "?", 1)
    with pytest.raises(InputError, match="has no page 7"):
        settle_tray.check_typed(vault, unread.id, serial, 7)
    typed = settle_tray.check_typed(vault, unread.id, format_serial(serial), 1)
    assert typed.form.patient_label == "HILL, Ann"
    assert scans.find_scan(vault, serial) is None
    settle_tray.file_by_hand(vault, settings, unread.id, serial, 1, actor)
    assert scans.find_scan(vault, serial).without_code
    assert ledger.get_form(vault, serial).state == "returned"
    assert store.fetch_tray(vault.db) == []
    with pytest.raises(ConflictError, match="not in the tray"):
        settle_tray.file_by_hand(vault, settings, unread.id, serial, 1, actor)


@pytest.mark.usefixtures("identity")
def test_an_outage_is_not_complete_while_a_page_lies_in_the_tray(
    vault, settings, outage, actor, checker, unread
):
    def pages():
        found = find_open_items(vault, settings, outage)
        return [item for item in found if item.kind == OpenKind.PAGE_UNFILED]

    (item,) = pages()
    assert item.names == (unread.id,)
    assert item.sentence == (
        "1 × scanned page of the box 'Ward A1': no code, or codes of several pages."
    )
    settle_tray.put_aside(vault, unread.id, actor, "a shopping list")
    assert pages()
    settle_tray.confirm_aside(vault, unread.id, checker)
    assert pages() == []


@pytest.mark.usefixtures("identity")
def test_a_page_without_a_code_has_candidates_by_its_rulings_and_is_filed_by_a_person_only(
    vault, settings, outage, actor, box
):
    other, _ = print_paper(vault, settings, actor, "sepsis-checklist")
    serial, page = print_paper(vault, settings, actor)
    for corner in "ab":
        page.blot(f"page.code-{corner}")
    take_in_files(vault, settings, box(a=as_png(page, angle=1)), "Ward A1", actor)
    (unread,) = store.fetch_tray(vault.db)
    best, *others = suggest_forms(vault, settings, unread.id)
    assert [form.serial for form in best.forms] == [serial]
    assert (best.layout.form, best.page) == ("blood-sciences-request", 1)
    assert all(candidate.likeness < best.likeness for candidate in others)
    assert {form.serial for candidate in others for form in candidate.forms} <= {other}
    assert store.fetch_tray(vault.db) == [unread], "nothing is filed by its likeness"
    settle_tray.file_by_hand(vault, settings, unread.id, serial, 1, actor)
    with pytest.raises(ConflictError, match="not in the tray"):
        suggest_forms(vault, settings, unread.id)


@pytest.mark.usefixtures("identity")
def test_a_form_scanned_in_part_is_open_until_the_rest_is_scanned_or_somebody_says_what_became_of_it(
    vault, settings, outage, issue, actor, box
):
    serial = issue("observations")
    vault.db.execute("UPDATE form_issue SET pages = 3 WHERE serial = ?", [serial])
    pages = {f"p{n}": as_file(coded_page(serial, n)) for n in (1, 2)}

    def open_pages():
        found = find_open_items(vault, settings, outage)
        return [item.sentence for item in found if item.kind == OpenKind.PAGE_UNSCANNED]

    assert open_pages() == [], "a form that was booked in by hand needs no scan"
    take_in_files(vault, settings, box(**pages), "Ward A1", actor)
    (sentence,) = open_pages()
    assert f"page 3 of {format_serial(serial)} has not been scanned" in sentence
    with pytest.raises(ConflictError, match="Page 2 of form .* is not awaited"):
        explain_unscanned(vault, serial, 2, actor, "lost")
    with pytest.raises(InputError):
        explain_unscanned(vault, serial, 3, actor, " ")
    explain_unscanned(vault, serial, 3, actor, "came back unused")
    assert open_pages() == []
    assert [page.name for page in list_said(vault, serial)] == [actor.name]


def test_the_code_on_a_page_in_the_tray_decides_against_what_is_typed(
    vault, settings, issue, actor, box
):
    lost, other = issue("observations"), issue("observations")
    vault.db.execute("UPDATE form_issue SET state = 'lost' WHERE serial = ?", [lost])
    take_in_files(vault, settings, box(a=as_file(coded_page(lost))), "Ward A1", actor)
    (page,) = store.fetch_tray(vault.db)
    with pytest.raises(ConflictError, match=format_serial(lost)):
        settle_tray.file_by_hand(vault, settings, page.id, other, 1, actor)
    with pytest.raises(ConflictError, match="is lost"):
        settle_tray.file_by_hand(vault, settings, page.id, lost, 1, actor)
    move_form.mark_returned(vault, lost, actor)
    settle_tray.file_by_hand(vault, settings, page.id, lost, 1, actor)
    assert scans.find_scan(vault, lost).is_read


def test_a_page_is_put_aside_by_two_people_and_its_picture_stays(vault, actor, checker, unread):
    with pytest.raises(ConflictError, match="Nobody has said"):
        settle_tray.confirm_aside(vault, unread.id, checker)
    settle_tray.put_aside(vault, unread.id, actor, "a shopping list")
    with pytest.raises(ConflictError, match="two people"):
        settle_tray.confirm_aside(vault, unread.id, actor)
    assert store.fetch_tray(vault.db)
    settle_tray.confirm_aside(vault, unread.id, checker)
    assert store.fetch_tray(vault.db) == []
    assert settle_tray.get_page(vault, unread.id).outcome == PageOutcome.ASIDE
    assert settle_tray.get_picture(vault, unread.id)


def test_a_page_that_is_taken_away_from_its_form_lies_in_the_tray_again(
    vault, settings, issue, actor, box
):
    serial = issue("observations")
    take_in_files(vault, settings, box(a=as_file(coded_page(serial))), "Ward A1", actor)
    scans.detach_scan(vault, serial, actor, "it is of another patient")
    (page,) = store.fetch_tray(vault.db)
    assert settle_tray.get_picture(vault, page.id)
    assert scans.find_scan(vault, serial) is None
