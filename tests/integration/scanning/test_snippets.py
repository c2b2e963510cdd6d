"""One field over many forms: crops without a name, by the rules of keying a form whole."""

import io

import pytest
from PIL import Image

from downtime.entry import double_keying, keying, snippets
from downtime.entry.model import Task
from downtime.entry.open_form import open_form
from downtime.entry.take_in_batch import list_scan_files, take_in_files
from downtime.errors import NotFoundError
from downtime.vault import device
from downtime.vault.model import Actor
from tests.integration.scanning.printed_paper import as_png, print_paper
from tests.integration.scanning.test_second_reading import KEYED, WRITTEN

THIRD = Actor("p3", "C. Third", "records-clerk")
FORM = "blood-sciences-request"


@pytest.fixture
def scanned(vault, settings, outage, actor, tmp_path):
    """Two scanned forms on which the priority is ticked; their serials."""
    device.create_device(vault.home, vault.data_key, "K7", "records station")
    serials, files = [], []
    for n in range(2):
        serial, page = print_paper(vault, settings, actor)
        for key in ("test.fbc", "test.gent", "priority=urgent"):
            page.tick(key)
        for key in WRITTEN:
            page.write(key)
        file = tmp_path / f"scan{n}.png"
        file.write_bytes(as_png(page, angle=n))
        serials.append(serial)
        files.append(file)
    take_in_files(vault, settings, list_scan_files(files), "Box", actor)
    return serials


def test_a_field_is_cut_from_each_form_and_what_is_keyed_stands_in_its_draft(
    vault, settings, actor, scanned
):
    fields = {f.link_id: f.n for f in snippets.list_fields(vault, settings, Task.KEY, actor)}
    assert fields["priority"] == 2
    assert "collected" not in fields, "what is written in words is keyed with its form"
    assert not any(link_id.startswith(("patient.", "event.")) for link_id in fields)
    found = snippets.list_snippets(vault, settings, Task.KEY, FORM, "priority", actor)
    assert [snippet.serial for snippet in found] == scanned
    cut = Image.open(io.BytesIO(snippets.cut_picture(vault, settings, scanned[0], "priority")))
    assert cut.height < 200
    typed = {(scanned[0], "priority"): "urgent", (scanned[1], "priority"): "no such word"}
    faults = snippets.key_snippets(vault, settings, Task.KEY, typed, actor)
    assert list(faults) == [(scanned[1], "priority")]
    assert open_form(vault, scanned[0], settings).answers == {"priority": "urgent"}
    left = snippets.list_snippets(vault, settings, Task.KEY, FORM, "priority", actor)
    assert [snippet.serial for snippet in left] == [scanned[1]]
    passed = {(scanned[1], "priority")}
    assert not snippets.list_snippets(vault, settings, Task.KEY, FORM, "priority", actor, passed)


def test_no_picture_is_cut_of_who_a_form_is_about(vault, settings, scanned):
    with pytest.raises(NotFoundError):
        snippets.cut_picture(vault, settings, scanned[0], "patient.name")


def test_nobody_keys_a_field_first_and_again(vault, settings, actor, checker, scanned):
    serial = scanned[0]
    snippets.key_snippets(vault, settings, Task.KEY, {(serial, "priority"): "urgent"}, checker)
    keying.submit_entry(vault, settings, serial, KEYED, actor)
    for person in (actor, checker):
        found = snippets.list_snippets(vault, settings, Task.KEY_AGAIN, FORM, "priority", person)
        assert found == []
        typed = {(serial, "priority"): "urgent"}
        (fault,) = snippets.key_snippets(vault, settings, Task.KEY_AGAIN, typed, person).values()
        assert "You keyed this form" in fault


def test_a_second_keying_begun_so_is_finished_by_the_same_person(
    vault, settings, actor, checker, scanned
):
    serial = scanned[0]
    keying.submit_entry(vault, settings, serial, KEYED, actor)
    typed = {(serial, "priority"): "urgent"}
    assert not snippets.key_snippets(vault, settings, Task.KEY_AGAIN, typed, checker)
    opened = double_keying.open_second_keying(vault, settings, serial, checker)
    assert opened.answers == {"priority": "urgent"}
    found = snippets.list_snippets(vault, settings, Task.KEY_AGAIN, FORM, "test.gent", THIRD)
    assert found == []
