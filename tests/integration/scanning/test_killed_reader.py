"""Kill -9 while a box is read: started again it goes on, nothing is lost and nothing is filed twice."""

import sys
from pathlib import Path

import pytest

from downtime.entry import scans
from downtime.entry.take_in_batch import list_scan_files, take_in_files
from downtime.paper import ledger
from downtime.scanning import store
from downtime.vault.model import Actor
from tests.integration import fork_server
from tests.integration.returns.pictures import as_pdf, blank_page, coded_page, inked_page

READER = Path(__file__).parent / "killed_reader.py"
KILLED = -9
AMINA = Actor("u-1", "Amina Ward", "laptop-1")
STEPS = [
    ("keep", "before", 2),
    ("page", "after", 3),
    ("read", "before", 1),
]


def kill_reader(vault, box: Path, step: str, after: str, nth: int) -> None:
    """A process of its own begins to read the box, and dies."""
    words = (vault.home.path, vault.data_key.hex(), box, step, after, str(nth))
    done = fork_server.run(
        [sys.executable, READER, *words], capture_output=True, cwd=Path(__file__).parents[3]
    )
    assert done.returncode == KILLED, done.stderr.decode()[-800:]


@pytest.mark.parametrize(("step", "after", "nth"), STEPS, ids=lambda word: str(word))
def test_a_box_whose_reader_was_killed_is_read_to_its_end(
    step, after, nth, vault, settings, issue, tmp_path
):
    serials = [issue("observations") for _ in range(3)]
    pages = [coded_page(serial) for serial in serials]
    box = tmp_path / "box"
    box.mkdir()
    (box / "a").write_bytes(as_pdf(pages[0], blank_page(), pages[1]))
    (box / "b").write_bytes(as_pdf(inked_page(), pages[2]))
    kill_reader(vault, box, step, after, nth)
    take_in_files(vault, settings, list_scan_files([box]), "Ward A1", AMINA)
    (batch,) = store.fetch_batches(vault.db)
    assert batch.ended
    assert batch.repeated == 0
    counts = store.count_outcomes(vault.db, batch.id)
    assert {str(outcome): n for outcome, n in counts.items() if n} == {
        "filed": 3, "blank": 1, "unreadable": 1,
    }  # fmt: skip
    for serial in serials:
        assert ledger.get_form(vault, serial).state == "returned"
        assert scans.list_pages(vault, serial) == [1]
