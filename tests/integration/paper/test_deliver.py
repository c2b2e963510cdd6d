"""Pages leave by a queue, a folder or the screen; what nobody got does not count as printed."""

import io
import stat
from datetime import timedelta

import pytest

from downtime.errors import ConflictError, InputError, UserError
from downtime.paper import ledger
from downtime.paper.packs import deliver, pack_ledger
from downtime.paper.packs.blank_forms import BlankForms
from downtime.paper.packs.model import PrintChannel
from downtime.paper.packs.print_pack import print_pack
from downtime.paper.print_requests import get_pack_request
from downtime.paper_settings import PrintingSettings
from downtime.settings import Settings
from downtime.vault.vault import Vault

ORDER = BlankForms(forms=("observations",), copies=2, ward="A1")


@pytest.fixture
def settings():
    return Settings(printing=PrintingSettings(queue="ward-a1", tray="Tray2", copies=2))


@pytest.fixture
def send(vault, settings, actor):
    def build(to, order=ORDER, job=""):
        out = io.BytesIO()
        hand_over = deliver.make_delivery(settings.printing, to, out, two_sided=order.two_sided)
        return print_pack(vault, settings, order, actor, "Test", out, deliver=hand_over, job=job)

    return build


def test_a_queue_gets_the_whole_document_and_how_to_print_it(lp, send, vault):
    printed = send(PrintChannel.QUEUE)
    words = (lp / "words").read_text()
    assert "-d ward-a1 -n 2" in words
    assert "-o media=A4,Tray2 -o sides=one-sided" in words
    assert printed.id in words
    pages = (lp / "pages").read_bytes()
    assert pages.startswith(b"%PDF")
    assert pages.endswith(b"%%EOF\n")
    assert pack_ledger.get_pack(vault, printed.id).state == "printed"


def test_what_a_queue_refuses_is_not_printed(lp, send, vault):
    (lp / "broken").touch()
    with pytest.raises(UserError, match="out of paper"):
        send(PrintChannel.QUEUE)
    (failed,) = pack_ledger.list_failed(vault)
    assert failed.failure.endswith("did not take the pages: lp: out of paper.")
    assert {row.state for row in ledger.list_pack_forms(vault, failed.id)} == {"void"}


def test_what_failed_is_asked_for_again(lp, send, vault, actor):
    (lp / "broken").touch()
    with pytest.raises(UserError):
        send(PrintChannel.QUEUE)
    (lp / "broken").unlink()
    (failed,) = pack_ledger.list_failed(vault)
    assert get_pack_request(failed) == ORDER
    printed = send(PrintChannel.QUEUE, get_pack_request(failed))
    pack_ledger.mark_repeated(vault, failed, actor, printed.id)
    assert pack_ledger.list_failed(vault) == []
    with pytest.raises(ConflictError):
        pack_ledger.get_failed(vault, failed.id)
    assert [row.form for row in ledger.list_pack_forms(vault, printed.id)] == ["observations"] * 2


QUEUE = """#!/bin/sh
folder=$(dirname "$0")
case "$1" in
-p) if [ -e "$folder/stopped" ]; then echo "printer ward-a1 disabled since Mon -"; else echo "printer ward-a1 is idle."; fi ;;
-o) [ -e "$folder/waits" ] && touch "$folder/stopped" && echo "ward-a1-7 sam 1024 Mon" || true ;;
esac
"""
"""Answers as CUPS does for a queue that is stopped, or that stops with a job in it."""


@pytest.fixture
def cups(lp):
    """The folder of its programs."""
    folder = lp / "bin"
    for name, text in (("lpstat", QUEUE), ("cancel", '#!/bin/sh\necho "$1" > "$0.job"\n')):
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    return folder


def test_a_stopped_queue_is_asked_and_gets_nothing(lp, cups, send, vault):
    (cups / "stopped").touch()
    with pytest.raises(UserError, match="did not take the pages: it is stopped"):
        send(PrintChannel.QUEUE)
    assert not (lp / "pages").exists()
    (failed,) = pack_ledger.list_failed(vault)
    assert {row.state for row in ledger.list_pack_forms(vault, failed.id)} == {"void"}


def test_pages_of_a_queue_that_stops_are_taken_back(lp, cups, send, vault):
    (cups / "waits").touch()
    (cups / "lp").write_text(
        f'{(cups / "lp").read_text()}\necho "request id is ward-a1-7 (1 file(s))"\n'
    )
    with pytest.raises(UserError, match="it stopped, and the pages were taken back"):
        send(PrintChannel.QUEUE)
    assert (cups / "cancel.job").read_text().strip() == "ward-a1-7", "it never prints unlooked-for"
    assert len(pack_ledger.list_failed(vault)) == 1


def test_a_queue_that_prints_is_not_waited_for(lp, cups, send, vault):
    (cups / "lp").write_text(
        f'{(cups / "lp").read_text()}\necho "request id is ward-a1-7 (1 file(s))"\n'
    )
    printed = send(PrintChannel.QUEUE)
    assert pack_ledger.get_pack(vault, printed.id).state == "printed"


def test_a_computer_without_lp_says_so(send, vault, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UserError, match="no 'lp'"):
        send(PrintChannel.QUEUE)
    assert len(pack_ledger.list_failed(vault)) == 1


def test_a_queue_that_does_not_answer_has_failed(lp, vault, actor):
    (lp / "bin" / "lp").write_text("#!/bin/sh\nexec sleep 20\n")
    printing = PrintingSettings(queue="q", seconds=1)
    with pytest.raises(UserError, match="no answer"):
        deliver.make_delivery(printing, PrintChannel.QUEUE, io.BytesIO(b"x"), two_sided=False)(
            "name", "P1"
        )


def test_a_folder_takes_the_file_for_its_owner_only(tmp_path, vault, actor):
    spool = tmp_path / "spool"
    spool.mkdir()
    settings = Settings(printing=PrintingSettings(folder=str(spool)))
    out = io.BytesIO()
    hand_over = deliver.make_delivery(settings.printing, PrintChannel.FOLDER, out, two_sided=False)
    printed = print_pack(vault, settings, ORDER, actor, "Test", out, deliver=hand_over)
    (file,) = spool.iterdir()
    assert file.name == f"{printed.id}_{printed.file_name}"
    assert file.read_bytes() == out.getvalue()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_ways_that_are_not_set_up_are_refused_before_anything_is_printed(vault):
    assert deliver.list_channels(PrintingSettings()) == [PrintChannel.SCREEN]
    for channel in (PrintChannel.QUEUE, PrintChannel.FOLDER):
        with pytest.raises(InputError):
            deliver.make_delivery(PrintingSettings(), channel, io.BytesIO(), two_sided=False)
    for channel in (PrintChannel.QUEUE, "pigeon"):
        with pytest.raises(InputError, match="cannot print that way"):
            deliver.check_channel(PrintingSettings(), channel)
    assert ledger.list_packs(vault) == []


def killed(vault, settings, actor, **options):
    """A printing whose program dies before it can put anything right."""

    class Killed(BaseException):
        pass

    def die(*_):
        raise Killed

    void, pack_ledger.void_pack = pack_ledger.void_pack, lambda *_: None
    try:
        with pytest.raises(Killed):
            print_pack(vault, settings, BlankForms(forms=("observations",), copies=3), actor, "Test", io.BytesIO(), progress=die, **options)  # fmt: skip
    finally:
        pack_ledger.void_pack = void
    (pack,) = ledger.list_packs(vault)
    assert pack.state == "printing"
    return pack


def test_forms_of_a_program_that_died_are_void_in_time(vault, settings, actor):
    dead = killed(vault, settings, actor)
    assert pack_ledger.void_interrupted(vault, settings) == 0, "it might still be at it"
    later = Vault(vault.home, vault.data_key, lambda: vault.clock() + timedelta(minutes=31))
    assert pack_ledger.void_interrupted(later, settings) == 1
    rows = ledger.list_pack_forms(vault, dead.id)
    assert {(row.state, row.reason) for row in rows} == {("void", pack_ledger.INTERRUPTED)}
    assert [pack.id for pack in pack_ledger.list_failed(vault)] == [dead.id]


def test_a_job_that_is_done_again_voids_what_its_dead_program_had_in_hand(vault, settings, actor):
    dead = killed(vault, settings, actor, job="j-1")
    assert pack_ledger.find_printed_for_job(vault, "j-1") is None
    assert pack_ledger.withdraw_job(vault, "j-1", pack_ledger.INTERRUPTED) == 1
    assert pack_ledger.get_pack(vault, dead.id).state == "failed"
    assert pack_ledger.withdraw_job(vault, "j-1", pack_ledger.INTERRUPTED) == 0


def test_a_pack_is_void_in_the_name_of_the_one_who_asked(vault, settings, actor):
    dead = killed(vault, settings, actor, job="j-1")
    pack_ledger.withdraw_job(vault, "j-1", pack_ledger.INTERRUPTED)
    row = vault.db.conn.execute(
        "SELECT actor, target FROM audit WHERE action = 'pack.void'"
    ).fetchone()
    assert actor.name in row["actor"] or row["actor"] == actor.id
    assert row["target"] == dead.id
