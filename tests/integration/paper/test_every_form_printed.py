"""Every form of the catalogue, printed blank: its pages name themselves and can be scanned."""

import io

from downtime.paper import ledger, serials
from downtime.paper.forms.load_form import load_forms
from downtime.paper.packs.blank_forms import BlankForms
from downtime.paper.packs.print_pack import print_pack

NO_LABEL = "No label goes here and no printed label goes on the tube"


def test_both_codes_of_every_page_of_every_form_are_read(vault, settings, actor, codes):
    out = io.BytesIO()
    printed = print_pack(
        vault,
        settings,
        BlankForms(forms=tuple(sorted(load_forms())), copies=1, ward="A1"),
        actor,
        "Test",
        out,
    )
    found = codes(out.getvalue())
    read = [sorted(serials.parse_page_code(code) for code in page) for page in found]
    wanted = [
        [(row.serial, page, corner) for corner in serials.CORNERS]
        for row in ledger.list_pack_forms(vault, printed.id)
        for page in range(1, row.pages + 1)
    ]
    assert sorted(read) == sorted(wanted)


def test_a_transfusion_request_has_no_place_for_a_label_and_says_to_write_by_hand(
    vault, settings, actor, words
):
    out = io.BytesIO()
    print_pack(
        vault, settings, BlankForms(forms=("transfusion-request",), copies=1), actor, "Test", out
    )
    (page,) = words(out.getvalue())
    assert "HAND-WRITE THE TUBE AT THE BEDSIDE" in page
    assert NO_LABEL in " ".join(page.split())
