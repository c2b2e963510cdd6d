"""Text on paper: nothing is dropped, hidden or replaced by a question mark."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from downtime.pdf.field_rectangle import Alignment, FieldKind, FieldRectangle
from downtime.pdf.fit_text import SMALLEST_SIZE, fit_beginning, fit_text, text_width
from downtime.pdf.text import (
    BOLD,
    FONT_FOLDER,
    FONTS,
    LAST_RESORT,
    REGULAR,
    font_of,
    to_printable,
    wrap_text,
)
from downtime.pdf.typeface import FACES, NeedsShapingError, glyph_runs


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        ("Łukasz Żółć", "Łukasz Żółć"),
        ("Cafe\u0301", "Café"),
        ("fever \U0001f912", "fever \U0001f912"),
        ("\U00020000", "[U+20000]"),
        ("\ue000\uffff\ud800", "[U+E000][U+FFFF][U+D800]"),
        ("a\u202eb", "a[U+202E]b"),
        ("bell\x07", "bell[U+0007]"),
        ("tab\there", "tab here"),
        ("line\r\nline", "line\nline"),
        ("张伟", "张伟"),
        ("soft\u00adhyphen", "soft[U+00AD]hyphen"),
        ("علي", "علي"),
    ],
)
def test_what_cannot_be_shown_is_named_by_its_code_point(given_, expected):
    assert to_printable(given_) == expected


def test_every_character_up_to_ffff_has_a_glyph():
    for code in range(0x20, 0x10000):
        if unicodedata.category(chr(code))[0] != "C":
            assert font_of(chr(code)), hex(code)


def test_the_fonts_come_with_their_licence_and_are_not_too_large():
    files = [file for file in FONT_FOLDER.iterdir() if file.suffix in (".ttf", ".woff")]
    assert {file.name for file in files} == {*FONTS, BOLD}
    assert sum(file.stat().st_size for file in files) < 12_000_000
    licence = (FONT_FOLDER / "OFL.txt").read_text()
    assert all(name in licence for name in ("Noto Sans", "Noto Emoji", "Unifont", "Version 1.1"))


@given(st.text(max_size=200), st.floats(5, 60))
def test_wrapping_loses_no_character(text, wide):
    lines = wrap_text(text, wide, lambda part: len(part))
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(len(line.removesuffix(" ")) <= wide or len(line) == 1 for line in lines)


def test_a_sign_the_text_font_lacks_is_set_from_the_signs():
    found, _ = glyph_runs("eGFR ≥90", False)
    assert [FACES[face] for face, _, _ in found] == [REGULAR, "NotoSansMath-Regular.ttf", REGULAR]


def test_a_chinese_name_is_set_letter_by_letter():
    ((face, _, wide),), _ = glyph_runs("张伟", True)
    assert (FACES[face], wide) == (LAST_RESORT, 2.0)


@pytest.mark.parametrize(
    "text", ["علي", "שלום", "नमस्ते", "x\u0301", "สมชาย", "ខ្មែរ", "👍🏽", "🇬🇧", "❤️"]
)
def test_scripts_that_join_letters_are_not_set_letter_by_letter(text):
    with pytest.raises(NeedsShapingError):
        glyph_runs(text, False)


def place(wide, high, size=12.0, leading=0.0):
    return FieldRectangle("k", 10.0, 20.0, wide, high, "text", size, False, "left", leading)


@given(st.text(st.characters(codec="latin-1", categories=["L", "N", "P", "Zs"]), max_size=120))
def test_a_value_that_fits_stays_within_its_rectangle(text):
    field = place(140.0, 22.0)
    shown = to_printable(text)
    for line in fit_text(field, shown) or fit_beginning(field, shown):
        assert line.size >= SMALLEST_SIZE - 0.01
        assert line.x >= 10.0
        printed = line.text.rstrip()  # a space at the end leaves no ink
        assert line.x + text_width(printed, False) * line.size <= 150.5
        assert 20.0 <= line.y <= 42.0


def test_a_value_too_long_for_its_field_says_that_it_goes_on():
    field = place(140.0, 12.0)
    assert fit_text(field, "x" * 300) is None
    assert fit_beginning(field, "x" * 300)[-1].text.endswith("… continued")


def test_words_are_kept_whole_when_smaller_type_allows_it():
    lines = fit_text(place(50.0, 30.0), "02-Nov-2026 14:30")
    assert [line.text for line in lines] == ["02-Nov-2026 ", "14:30"]


def test_text_on_ruled_paper_stands_on_the_rules():
    first, second = fit_text(place(100.0, 46.0, 10.0, leading=23.0), "one two three four five six")
    assert round(first.y - second.y, 2) == 23.0


@pytest.mark.parametrize("whole", ["500 mg", "2.5 mL/h", "999 000 0018", "02-Nov-2026 14:05"])
def test_no_line_ends_between_a_number_and_what_belongs_to_it(whole):
    for before in range(1, 30):
        lines = wrap_text(f"{'x' * before} {whole} then more words", 24, len)
        assert sum(whole in line for line in lines) == 1


def test_a_unit_that_would_stand_below_its_number_is_printed_elsewhere():
    assert fit_text(place(30.0, 60.0), "12345 micrograms") is None
    assert fit_text(place(90.0, 60.0), "12345 micrograms") is not None


def test_accents_of_the_first_of_two_lines_stay_below_the_label_above():
    """The tallest, of Ů, rises a whole size above its baseline."""
    box = FieldRectangle("k", 0, 0, 90, 19.3, FieldKind.TEXT, 12.0, True, Alignment.LEFT, 0.0)
    first, second = fit_text(box, "ŮÉÅSTRÖM-ÉLÉONORE ÅSA ŮLRIKA")
    assert first.y + 1.03 * first.size <= 19.3
    assert second.y - 0.24 * second.size >= -1.0
