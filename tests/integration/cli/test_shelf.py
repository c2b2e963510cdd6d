"""The shelf on the command line: added, found, listed with what expired, withdrawn, printed."""

from tests.integration.cli.conftest import is_one_sentence
from tests.integration.paper.test_shelf import BOOK, pdf


def test_the_shelf_from_the_first_document_to_the_binder(home, tmp_path):
    protocol, book, out = (tmp_path / name for name in ("p.pdf", "b.csv", "out.pdf"))
    protocol.write_bytes(pdf("Ketones above three"))
    book.write_bytes(BOOK)
    common = ("--owner", "Dr Cole", "--review", "2099-01-31", "--binder", "--reason", "approved")
    home.ok("shelf", "add", protocol, "--title", "Insulin", "--kind", "protocol", *common)
    home.ok("shelf", "add", book, "--title", "Numbers", "--kind", "telephone-book", *common)
    assert [row["name"] for row in home.ok("shelf", "list")] == ["insulin", "numbers"]
    (hit,) = home.ok("shelf", "find", "blood", "bank")
    assert "5512" in hit["excerpt"]
    home.ok("shelf", "save", "insulin", "--out", out)
    assert out.read_bytes().startswith(b"%PDF-")
    printed = home.ok("shelf", "print", "--out", tmp_path / "binder.pdf")
    assert printed["pages"] == 3
    home.ok("shelf", "withdraw", "insulin", "--reason", "replaced")
    assert [row["name"] for row in home.ok("shelf", "list")] == ["numbers"]
    refused = home.run("shelf", "save", "insulin", "--out", out)
    assert is_one_sentence(refused)
