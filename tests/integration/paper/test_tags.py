"""What a screen reader finds in a printed pack: everything tagged, in reading order, or furniture."""

import io
import re
import subprocess
from collections import Counter

import pikepdf
import pytest

PAINT = {"Tj", "TJ", "Do", "f", "S", "B", "re f", "sh", "EI"}
OPENING, CLOSING = {"BDC", "BMC"}, {"EMC"}
SERIAL = re.compile(r"K7-\d{6}-[0-9A-Z]")


@pytest.fixture
def printed(pack):
    """A pack with shaped names, tables over pages, continuations and codes."""
    return pack(forms=["blood-sciences-request", "observations"], blanks=1)


@pytest.fixture
def document(printed):
    with pikepdf.open(io.BytesIO(printed.pdf)) as opened:
        yield opened


def elements(node):
    """Every structure element below a node, in reading order."""
    for kid in kids(node):
        if isinstance(kid, pikepdf.Dictionary):
            yield kid
            yield from elements(kid)


def kids(node):
    found = node.get("/K", [])
    return list(found) if isinstance(found, pikepdf.Array) else [found]


def marked(page):
    """(tag, MCID or None) of every painted thing of a page."""
    stack = []
    for operands, operator in pikepdf.parse_content_stream(page):
        name = str(operator)
        if name in OPENING:
            properties = operands[1] if name == "BDC" else {}
            stack.append((str(operands[0]), properties.get("/MCID")))
        elif name in CLOSING:
            stack.pop()
        elif name in PAINT:
            assert len(stack) == 1, "painted outside of a tag, or in two"
            yield stack[0]
    assert stack == []


def parents(document):
    """The parent tree as a table: key of a page → the element of each of its MCIDs."""
    table = {}
    for leaf in document.Root.StructTreeRoot.ParentTree.Kids:
        numbers = list(leaf.Nums)
        keys = [int(key) for key in numbers[::2]]
        assert keys == sorted(keys)
        assert [int(leaf.Limits[0]), int(leaf.Limits[1])] == [keys[0], keys[-1]]
        table.update(zip(keys, numbers[1::2], strict=True))
    return table


def test_everything_painted_is_read_or_furniture(document):
    for page in document.pages:
        found = list(marked(page))
        assert {tag for tag, number in found if number is None} == {"/Artifact"}
        numbers = {int(number) for _, number in found if number is not None}
        assert numbers == set(range(len(numbers)))
        assert len(numbers) > 5


def test_every_marked_content_leads_to_its_element_and_back(document):
    table = parents(document)
    reached = {element.objgen for element in elements(document.Root.StructTreeRoot)}
    for page in document.pages:
        of_page = table[int(page.StructParents)]
        roles = {int(n): tag for tag, n in marked(page) if n is not None}
        assert sorted(roles) == list(range(len(of_page)))
        for number, element in enumerate(of_page):
            assert element.objgen in reached
            assert element.Pg.objgen == page.objgen
            assert number in [int(kid) for kid in kids(element)]
            assert str(element.S) == roles[number]
    assert len(table) == len(document.pages)


def test_elements_are_of_standard_types_and_rightly_nested(document):
    inside = {"Table": {"Sect"}, "TR": {"Table"}, "TH": {"TR"}, "TD": {"TR"}, "H1": {"Sect"},
              "H2": {"Sect"}, "P": {"Sect"}, "Figure": {"Sect"}, "Sect": {"Div"},
              "Div": {"Document"}, "Document": {None}}  # fmt: skip
    found = Counter()
    for element in elements(document.Root.StructTreeRoot):
        role = str(element.S)[1:]
        above = element.P.get("/S")
        found[role] += 1
        assert (str(above)[1:] if above is not None else None) in inside[role]
        if role == "Figure":
            assert re.fullmatch(
                r"Code [AB] of K7-\d{6}-. page \d+", str(element.Alt).replace(",", "")
            )
            assert len(element.A.BBox) == 4
        if role == "TH":
            assert str(element.A.Scope) == "/Column"
    assert set(found) == set(inside)
    assert found["Figure"] == 2 * len(document.pages)


def test_each_form_begins_with_a_heading_that_names_it(document):
    sections = [e for e in elements(document.Root.StructTreeRoot) if str(e.S) == "/Sect"]
    heads = [kids(section)[0] for section in sections]
    assert {str(head.S) for head in heads} == {"/H1"}
    said = [str(head.ActualText) for head in heads if "/ActualText" in head]
    assert any(re.fullmatch(r"Observations record.*, K7-\d{6}-.", words) for words in said)


def test_values_are_read_with_the_words_of_their_field(document):
    found = elements(document.Root.StructTreeRoot)
    said = {str(e.get("/ActualText", "")).replace("\u00a0", " ") for e in found}
    assert "NHS No.: 999 000 0018" in said
    assert "Ward / bed: A1, bay B, bed 1" in said
    assert "Name (SURNAME, Given): محمد, علي" in said


def test_the_reading_order_is_that_of_the_page(printed):
    """Poppler reads the tags; what it finds is what stands on the pages, top to bottom."""
    command = ["pdfinfo", "-struct-text", "-"]
    read = subprocess.run(command, input=printed.pdf, capture_output=True, check=True)
    sections = read.stdout.decode().split("    Sect\n")[1:]
    assert len(sections) == len({s for page in printed.words for s in SERIAL.findall(page)})
    for section in sections:
        lines = re.findall(r'^ +"(.*)"$', section, re.M)
        (serial,) = {found for line in lines for found in SERIAL.findall(line)}
        pages = " ".join(page for page in printed.words if serial in page)
        missing = letters(" ".join(lines)) - letters(pages)
        assert missing == {}
    first = re.findall(r'^ +"(.*)"$', sections[0], re.M)
    order = ["Downtime pack", "How old the data is", "What to do", "Contents"]
    assert list(dict.fromkeys(line for line in first if line in order)) == order


def letters(text):
    return Counter(c for c in text if not c.isspace())


def test_the_document_says_what_it_is(document):
    root = document.Root
    assert str(root.Lang) == "en-GB"
    assert bool(root.MarkInfo.Marked)
    assert bool(root.ViewerPreferences.DisplayDocTitle)
    with document.open_metadata() as metadata:
        assert metadata["dc:title"] == str(document.docinfo.Title) == "Downtime pack A1"
        assert metadata.get("pdfuaid:part") is None, "no conformance is claimed"
    for page in document.pages:
        assert str(page.Tabs) == "/S"
        for font in page.Resources.Font.values():
            assert "/FontFile2" in font.DescendantFonts[0].FontDescriptor
            assert "/ToUnicode" in font


def test_qpdf_finds_nothing_wrong(printed, tmp_path):
    file = tmp_path / "pack.pdf"
    file.write_bytes(printed.pdf)
    checked = subprocess.run(["qpdf", "--check", file], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr
