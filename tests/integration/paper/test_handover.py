"""Pages leave by a queue, a folder or the screen; what nobody got does not count as printed."""

import io
import stat
from datetime import timedelta

import pytest

from downtime.errors import ConflictError, InputError, UserError
from downtime.paper import ledger, orders
from downtime.paper.orders import Order
from downtime.paper.packs import handover, packs
from downtime.paper.packs.job import Options
from downtime.paper.packs.pack import blank_forms
from downtime.settings import PrintingSettings, Settings
from downtime.vault.vault import Vault

ORDER = Order(kind=orders.BLANK, forms=("observations",), copies=2, wards=("A1",))


@pytest.fixture
def settings():
    return Settings(printing=PrintingSettings(queue="ward-a1", tray="Tray2", copies=2))


@pytest.fixture
def send(vault, settings, who):
    def build(to, order=ORDER, job=""):
        out = io.BytesIO()
        hand_over = handover.handing_over(settings.printing, to, out, two_sided=order.two_sided)
        return orders.produce(
            vault, settings, order, who, "Test", out, hand_over=hand_over, job=job
        )

    return build


def test_a_queue_gets_the_whole_document_and_how_to_print_it(lp, send, vault):
    made = send(handover.QUEUE)
    words = (lp / "words").read_text()
    assert "-d ward-a1 -n 2" in words
    assert "-o media=A4,Tray2 -o sides=one-sided" in words
    assert made.id in words
    pages = (lp / "pages").read_bytes()
    assert pages.startswith(b"%PDF")
    assert pages.endswith(b"%%EOF\n")
    assert packs.get(vault, made.id).state == "printed"


def test_what_a_queue_refuses_is_not_printed(lp, send, vault):
    (lp / "broken").touch()
    with pytest.raises(UserError, match="out of paper"):
        send(handover.QUEUE)
    (failed,) = packs.failed(vault)
    assert failed.failure.endswith("did not take the pages: lp: out of paper.")
    assert {row.state for row in ledger.of_pack(vault, failed.id)} == {"void"}


def test_what_failed_is_asked_for_again(lp, send, vault, who):
    (lp / "broken").touch()
    with pytest.raises(UserError):
        send(handover.QUEUE)
    (lp / "broken").unlink()
    (failed,) = packs.failed(vault)
    assert orders.of_pack(failed) == ORDER
    made = send(handover.QUEUE, orders.of_pack(failed))
    packs.repeated(vault, failed, who, made.id)
    assert packs.failed(vault) == []
    with pytest.raises(ConflictError):
        packs.get_failed(vault, failed.id)
    assert [row.form for row in ledger.of_pack(vault, made.id)] == ["observations"] * 2


def test_a_computer_without_lp_says_so(send, vault, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UserError, match="no 'lp'"):
        send(handover.QUEUE)
    assert len(packs.failed(vault)) == 1


def test_a_queue_that_does_not_answer_has_failed(lp, vault, who):
    (lp / "bin" / "lp").write_text("#!/bin/sh\nexec sleep 20\n")
    printing = PrintingSettings(queue="q", seconds=1)
    with pytest.raises(UserError, match="no answer"):
        handover.handing_over(printing, handover.QUEUE, io.BytesIO(b"x"), two_sided=False)(
            "name", "P1"
        )


def test_a_folder_takes_the_file_for_its_owner_only(tmp_path, vault, who):
    spool = tmp_path / "spool"
    spool.mkdir()
    settings = Settings(printing=PrintingSettings(folder=str(spool)))
    out = io.BytesIO()
    hand_over = handover.handing_over(settings.printing, handover.FOLDER, out, two_sided=False)
    made = orders.produce(vault, settings, ORDER, who, "Test", out, hand_over=hand_over)
    (file,) = spool.iterdir()
    assert file.name == f"{made.id}_{made.file_name}"
    assert file.read_bytes() == out.getvalue()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_ways_that_are_not_set_up_are_refused_before_anything_is_printed(vault):
    assert handover.ways(PrintingSettings()) == [handover.SCREEN]
    for way in (handover.QUEUE, handover.FOLDER, "pigeon"):
        with pytest.raises(InputError):
            handover.handing_over(PrintingSettings(), way, io.BytesIO(), two_sided=False)
    assert ledger.packs(vault) == []


def killed(vault, settings, who, **options):
    """A printing whose program dies before it can put anything right."""

    class Killed(BaseException):
        pass

    def die(*_):
        raise Killed

    void, packs.void = packs.void, lambda *_: None
    try:
        with pytest.raises(Killed):
            blank_forms(
                vault, settings, ["observations"], 3, who, "Test", io.BytesIO(),
                options=Options(progress=die, **options),
            )  # fmt: skip
    finally:
        packs.void = void
    (pack,) = ledger.packs(vault)
    assert pack.state == "printing"
    return pack


def test_forms_of_a_program_that_died_are_void_in_time(vault, settings, who):
    dead = killed(vault, settings, who)
    assert packs.void_interrupted(vault, settings) == 0, "it might still be at it"
    later = Vault(vault.home, vault.data_key, lambda: vault.clock() + timedelta(minutes=31))
    assert packs.void_interrupted(later, settings) == 1
    rows = ledger.of_pack(vault, dead.id)
    assert {(row.state, row.reason) for row in rows} == {("void", packs.BROKEN_OFF)}
    assert [pack.id for pack in packs.failed(vault)] == [dead.id]


def test_a_job_that_is_done_again_voids_what_its_dead_program_had_in_hand(vault, settings, who):
    dead = killed(vault, settings, who, job="j-1")
    assert packs.printed_for(vault, "j-1") is None
    assert packs.withdraw(vault, "j-1", packs.BROKEN_OFF) == 1
    assert packs.get(vault, dead.id).state == "failed"
    assert packs.withdraw(vault, "j-1", packs.BROKEN_OFF) == 0


def test_a_pack_is_void_in_the_name_of_the_one_who_asked(vault, settings, who):
    dead = killed(vault, settings, who, job="j-1")
    packs.withdraw(vault, "j-1", packs.BROKEN_OFF)
    row = vault.db.conn.execute(
        "SELECT actor, target FROM audit WHERE action = 'pack.void'"
    ).fetchone()
    assert who.name in row["actor"] or row["actor"] == who.id
    assert row["target"] == dead.id
