"""A workbook names patients: it is made in memory, and nothing of it is put aside on the disk."""

import io
import tempfile

from openpyxl import load_workbook
from openpyxl.worksheet import _writer

from downtime.paper.workbook_file import to_xlsx


def test_nothing_is_put_aside_on_the_disk(monkeypatch):
    def no_file(*_, **__):
        raise AssertionError("something was put aside on the disk")

    for name in ("TemporaryFile", "SpooledTemporaryFile", "NamedTemporaryFile", "mkstemp"):
        monkeypatch.setattr(tempfile, name, no_file)
    monkeypatch.setattr(_writer, "NamedTemporaryFile", no_file)
    content = to_xlsx(("Patient", "Bed"), [("SAMPLE, Ann", "1"), ("=1+1", "2")])
    (sheet,) = load_workbook(io.BytesIO(content)).worksheets
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert rows[:2] == [["Patient", "Bed"], ["SAMPLE, Ann", "1"]]
    assert sheet.freeze_panes == "A2"
    assert sheet["A3"].data_type == "s"
