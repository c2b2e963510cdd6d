"""A machine that is given away: keys first, nothing that is known nowhere else, and a proof."""

import io
import subprocess

import pytest

from downtime.accounts import homes
from downtime.config import Home, load_settings
from downtime.errors import UserError
from downtime.sync import destroy_home
from downtime.vault import erase_home, keys
from tests.integration.cli.conftest import BEGINS, PASSWORD, Clock, Terminal
from tests.integration.cli.test_sync import enrol_machines, print_blanks

DESTROY = ("destroy", "--reason", "given back to the supplier", "--proof", "proof.pdf")


@pytest.fixture
def laptop(tmp_path, settings_file):
    """A laptop of a site with a records station, on which nothing was done; its administrator's terminal."""
    clock = Clock(BEGINS)
    people = Terminal(tmp_path, clock, "--home", "K7")
    for code in ("RS", "K7"):
        init = ("--settings", settings_file, "--device", code, "--unlock-file", f"{code}.key")
        people.learn(Terminal(tmp_path, clock, "--home", code).ok("init", *init))
    enrol_machines(tmp_path, clock)
    people.choose_password("K7", "admin", PASSWORD)
    (tmp_path / "stick").mkdir()
    return people


def program(laptop, code="K7"):
    return Terminal(
        laptop.folder, laptop.clock, "--home", code, "--unlock-file", laptop.folder / f"{code}.key"
    )


def destroy(laptop, *words, typed=("K7",)):
    return laptop.run(*DESTROY, *words, stdin=laptop.signed_in("admin", *typed))


def write_paper(laptop):
    program(laptop).ok("outage", "declare", "LIMS", "--reason", "ransomware")
    print_blanks(laptop.folder / "K7", laptop.folder / "K7.key", laptop.clock)
    program(laptop).ok("outage", "end", "LIMS", "--reason", "it is back")


def send(laptop):
    sealed = program(laptop).ok("sync", "export", "--to", "stick")
    program(laptop, "RS").ok("sync", "merge", sealed["bundle"])


def read_proof(laptop) -> str:
    command = ["pdftotext", "-layout", laptop.folder / "proof.pdf", "-"]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return " ".join(text.split())


def test_nothing_opens_any_more_and_the_proof_says_what_there_was(laptop):
    answer = destroy(laptop)
    assert answer.code == 0, answer.err
    assert not (laptop.folder / "K7").exists()
    proof = read_proof(laptop)
    for words in (
        "Outcome DESTROYED Machine K7",
        "given back to the supplier",
        "keys/slots.json",
        "keys/device.json",
        "a records station has merged all paper",
        "Its audit, as it ended",
    ):
        assert words in proof
    assert "no Downtime home" in program(laptop).run("status").err


def test_paper_that_no_station_has_merged_is_not_lost_unsaid(laptop):
    write_paper(laptop)
    refused = destroy(laptop)
    assert refused.code == 1
    assert "merged" in refused.err
    assert "sync export" in refused.err
    assert not (laptop.folder / "proof.pdf").exists()
    assert program(laptop).ok("ledger", "list")


def test_once_a_station_has_merged_it_the_laptop_may_go(laptop):
    write_paper(laptop)
    send(laptop)
    assert destroy(laptop).code == 1  # it has not heard of that yet
    program(laptop).ok("sync", "export", "--to", "stick")
    assert destroy(laptop).code == 0


def test_what_was_written_after_the_merge_counts(laptop):
    write_paper(laptop)
    send(laptop)
    program(laptop).ok("sync", "export", "--to", "stick")
    print_blanks(laptop.folder / "K7", laptop.folder / "K7.key", laptop.clock)
    assert "merged" in destroy(laptop).err


def test_while_a_system_is_down_a_laptop_stays(laptop):
    program(laptop).ok("outage", "declare", "LIMS", "--reason", "ransomware")
    send(laptop)
    program(laptop).ok("sync", "export", "--to", "stick")
    assert "is not closed" in destroy(laptop).err


def test_it_is_given_up_by_saying_so_twice_and_the_proof_names_it(laptop):
    write_paper(laptop)
    assert destroy(laptop, "--give-up").code != 0
    assert (laptop.folder / "K7").exists()
    answer = destroy(laptop, "--give-up", typed=("K7", "K7"))
    assert answer.code == 0
    assert "LOST FOR GOOD" in answer.err
    assert "Given up" in read_proof(laptop)
    assert not (laptop.folder / "K7").exists()


@pytest.mark.parametrize("typed", ["RS", "yes", "k8"])
def test_the_code_of_another_machine_destroys_nothing(laptop, typed):
    answer = destroy(laptop, typed=(typed,))
    assert answer.code == 1
    assert "This machine is K7" in answer.err
    assert (laptop.folder / "K7/vault.db").exists()


def test_a_program_may_not(laptop):
    answer = program(laptop).run(*DESTROY, stdin=io.StringIO("K7\n"))
    assert "does not allow this" in answer.err
    assert (laptop.folder / "K7/vault.db").exists()


def test_without_a_place_for_the_proof_nothing_is_destroyed(laptop):
    answer = laptop.run(
        *DESTROY[:-1], laptop.folder / "K7/proof.pdf", stdin=laptop.signed_in("admin", "K7")
    )
    assert "Name a file elsewhere" in answer.err
    home = Home(laptop.folder / "K7")
    opened = homes.open_with_file(
        home, load_settings(home.config_file), laptop.clock, laptop.folder / "K7.key"
    )

    def no_room(pdf: bytes) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        destroy_home.destroy_home(
            opened.vault, load_settings(home.config_file), "K7", opened.actor, "sold", no_room
        )
    opened.vault.close()
    assert keys.home_exists(home)


def test_the_keys_go_first_and_are_overwritten_where_they_lie(laptop, monkeypatch):
    home = Home(laptop.folder / "K7")
    before = {path: path.read_bytes() for path in keys.list_key_files(home) if path.stat().st_size}
    assert {path.name for path in before} >= {"slots.json", "slots.copy", "device.json"}
    held = {path: path.open("rb") for path in before}
    monkeypatch.setattr(erase_home.shutil, "rmtree", lambda *_, **__: None)  # the power is cut here
    erased = erase_home.erase_home(home)
    assert home.vault_file.exists()
    assert str(home.vault_file) in erased.remaining
    for path, file in held.items():
        assert not path.exists()
        overwritten = file.read()
        assert len(overwritten) == len(before[path])
        assert before[path][:64] not in overwritten
        file.close()
    with pytest.raises(UserError):
        keys.open_with_file(home, laptop.folder / "K7.key")
