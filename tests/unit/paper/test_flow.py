"""Lists that flow over pages: complete, with heads repeated and headings kept in place."""

from hypothesis import given
from hypothesis import strategies as st

from downtime.pdf.flow_blocks import Heading, Paragraph, Table, flow_blocks

COLUMNS = (("Name", 1.0), ("Notes", 3.0))


def lines(page):
    return [line for _, shown in page.texts for line in shown]


def words(page):
    return [line.text for line in lines(page)]


def texts(pages):
    return [text for page in pages for text in words(page)]


@given(
    st.lists(st.tuples(st.text("ab c", max_size=80), st.text("xy z", max_size=400)), max_size=30)
)
def test_every_letter_of_a_table_is_on_a_page(rows):
    pages = flow_blocks([Table(COLUMNS, rows)], 300.0, 200.0)
    printed = "".join(texts(pages))
    for letters in ("ab c", "xy z"):
        for letter in letters.replace(" ", ""):
            wanted = sum(cell.count(letter) for row in rows for cell in row)
            assert printed.count(letter) >= wanted


def test_nothing_is_below_the_area():
    pages = flow_blocks([Table(COLUMNS, [("n", "word " * 900)] * 3)], 300.0, 200.0)
    assert all(-200.0 <= line.y <= 0.0 for page in pages for line in lines(page))


def test_the_head_of_a_table_is_repeated_on_each_page():
    pages = flow_blocks([Table(COLUMNS, [("n", "text")] * 60)], 300.0, 200.0)
    assert len(pages) > 2
    assert all("Notes" in words(page) for page in pages)


def test_a_heading_is_never_the_last_thing_on_a_page():
    blocks = [Paragraph("line\n" * 15), Heading("Medicines"), Table(COLUMNS, [("n", "t")] * 3)]
    pages = flow_blocks(blocks, 300.0, 200.0)
    (page,) = [p for p in pages if "Medicines" in words(p)]
    assert "t" in words(page)


def test_a_row_longer_than_a_page_names_its_subject_on_each():
    pages = flow_blocks([Table(COLUMNS, [("Subject", "word " * 900)])], 300.0, 200.0)
    assert len(pages) > 2
    assert all("Subject" in words(page) for page in pages)


def test_values_of_a_report_name_it_again_on_the_next_page():
    rows = [("FBC", "Haemoglobin"), *[("", "value")] * 30]
    pages = flow_blocks([Table(COLUMNS, rows, repeats_bold=True)], 300.0, 200.0)
    assert len(pages) > 1
    assert all("FBC" in words(page) for page in pages)
    assert texts(pages).count("FBC") == len(pages)


def test_a_table_that_goes_on_is_one_on_each_page_with_whole_rows():
    for page in flow_blocks([Table(COLUMNS, [("n", "text")] * 60)], 300.0, 200.0):
        roles = [tag.role for tag, _ in page.texts]
        assert roles[:4] == ["Table", "TR", "TH", "TH"]
        assert roles.count("TD") == 2 * (roles.count("TR") - 1)


def test_words_on_two_lines_are_read_as_two_words():
    (page,) = flow_blocks([Paragraph("one two three " * 20)], 100.0, 900.0)
    ((tag, shown),) = page.texts
    assert tag.role == "P"
    assert "".join(line.text for line in shown).split() == ["one", "two", "three"] * 20
