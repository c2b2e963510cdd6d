"""Help: read by anybody without a network, true to the menu and to the sentences of the program."""

import re

import pytest

from downtime.web import guides, navigation
from tests.contract import house

FOLDER = house.ROOT / "docs/guides"
PROGRAM = "".join(
    path.read_text(encoding="utf-8")
    for folder in ("downtime", "templates")
    for path in (house.ROOT / folder).rglob("*")
    if path.suffix in (".py", ".html")
) + (house.ROOT / "scripts/deb.d/postinst").read_text(encoding="utf-8")
BUTTONS = {
    "No account here?", "Lock", "Medicines due", "unsure", "Not sent", "not sent", "italics",
}  # fmt: skip
"""What guides set in italics and the menu does not have: a button, or a word of an answer."""


def test_whoever_is_not_signed_in_reads_every_guide(hospital):
    stranger = hospital.browser()
    assert 'href="/help"' in stranger.get("/sign-in").text
    page = stranger.get("/help").text
    for name in guides.NAMES:
        assert f'href="/help/{name}"' in page
        guide = stranger.get(f"/help/{name}")
        assert guide.status_code == 200
        assert guide.text.count("<h1>") == 1


def test_whoever_is_signed_in_finds_help_on_every_page(hospital):
    ward = hospital.browser("ward")
    assert 'href="/help"' in ward.get("/find").text
    for address in ("/help", "/help/ward-staff"):
        page = ward.get(address).text
        assert ">Beds</a>" in page, "the menu stands on it"
        assert "Ward Person" in page
        assert "Copies, not live:" in page
    ward.post("/lock")
    assert ">Beds</a>" not in ward.get("/help").text, "a locked screen shows nobody's work"
    ward = hospital.browser("ward")
    assert "Ward Person" in ward.get("/find").text, "reading help ends nobody's session"


def test_links_within_guides_lead_to_pages(hospital):
    stranger = hospital.browser()
    for name in guides.NAMES:
        body = str(guides.read_guide(name).body)
        for address in re.findall(r'href="([^"]*)"', body):
            assert stranger.get(address).status_code == 200, (name, address)


def test_every_picture_of_a_guide_is_shown_with_words_for_who_does_not_see_it(hospital):
    stranger, shown = hospital.browser(), 0
    for name in guides.NAMES:
        for tag in re.findall(r"<img [^>]*>", str(guides.read_guide(name).body)):
            (address,) = re.findall(r'src="([^"]*)"', tag)
            picture = stranger.get(address)
            assert picture.headers["Content-Type"] == "image/png", address
            assert re.search(r'alt="[^"]{15,}"', tag), tag
            shown += 1
    assert shown >= 4
    assert stranger.get("/help/pictures/nothing").status_code == 404


def test_a_guide_that_does_not_exist_is_said_so(hospital):
    for name in ("nothing", "..%2Fsecurity", "README"):
        assert hospital.browser().get(f"/help/{name}").status_code == 404


def test_what_looks_like_a_script_in_a_guide_is_words(tmp_path, monkeypatch):
    text = "# A title\n\n<script>alert(1)</script> [here](javascript:alert(1)) [there](https://elsewhere.example/)\n"
    (tmp_path / "faq.md").write_text(text)
    monkeypatch.setattr(guides, "data_folder", lambda _: tmp_path)
    body = str(guides.read_guide.__wrapped__("faq").body)
    assert "<script" not in body
    assert "href" not in body


def test_every_guide_is_shown():
    assert {path.stem for path in FOLDER.glob("*.md")} - {"README"} == set(guides.NAMES) - {
        "glossary"
    }


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.md")), ids=lambda path: path.stem)
def test_what_a_guide_says_to_open_is_in_the_menu(path):
    areas = [*navigation.CARE_AREAS, *navigation.RECORDS_AREAS, *navigation.SITE_AREAS]
    menu = {area.text for area in areas} | {page.text for area in areas for page in area.pages}
    named = re.findall(r"(?<!\*)\*([^*\n]+)\*(?!\*)", path.read_text(encoding="utf-8"))
    assert set(named) <= menu | BUTTONS


def test_every_sentence_that_is_explained_is_one_of_the_program():
    text = (FOLDER / "troubleshooting.md").read_text(encoding="utf-8")
    sentences = re.findall(r"^## (.+)$", text, re.M)
    assert len(sentences) > 10
    joined = re.sub(r'"\s*\n\s*f?"', "", PROGRAM)
    assert [one for one in sentences if one not in joined and one not in PARTLY] == []


PARTLY = {"Your role does not allow this"}
"""The role stands within the sentence."""
