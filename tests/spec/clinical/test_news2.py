"""NEWS2 against the chart of the Royal College of Physicians (2017): every limit and its neighbour."""

import pytest

from downtime.clinical.news2 import VitalSigns, score_news2

WELL = VitalSigns(
    respirations="16", saturation="97", on_oxygen=False, systolic="120", pulse="70",
    consciousness="A", temperature="37.0",
)  # fmt: skip


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("respirations", {"8": 3, "9": 1, "11": 1, "12": 0, "20": 0, "21": 2, "24": 2, "25": 3}),
        ("saturation", {"91": 3, "92": 2, "93": 2, "94": 1, "95": 1, "96": 0, "100": 0}),
        ("systolic", {"90": 3, "91": 2, "100": 2, "101": 1, "110": 1, "111": 0, "219": 0, "220": 3}),
        ("pulse", {"40": 3, "41": 1, "50": 1, "51": 0, "90": 0, "91": 1, "110": 1, "111": 2,
                   "130": 2, "131": 3}),
        ("consciousness", {"A": 0, "C": 3, "V": 3, "P": 3, "U": 3}),
        ("temperature", {"35.0": 3, "35.1": 1, "36.0": 1, "36.1": 0, "38.0": 0, "38.1": 1,
                         "39.0": 1, "39.1": 2}),
    ],
)  # fmt: skip
def test_one_value_scores_as_on_the_chart(name, values):
    assert {text: score_news2(WELL._replace(**{name: text})) for text in values} == values


@pytest.mark.parametrize(
    ("percent", "on_air", "on_oxygen"),
    [("83", 3, 5), ("84", 2, 4), ("85", 2, 4), ("86", 1, 3), ("87", 1, 3), ("88", 0, 2),
     ("92", 0, 2), ("93", 0, 3), ("94", 0, 3), ("95", 0, 4), ("96", 0, 4), ("97", 0, 5)],
)  # fmt: skip
def test_scale_2_scores_high_values_only_with_oxygen(percent, on_air, on_oxygen):
    signs = WELL._replace(saturation="", saturation_2=percent)
    assert score_news2(signs) == on_air
    assert score_news2(signs._replace(on_oxygen=True)) == on_oxygen


@pytest.mark.parametrize(
    "change",
    [{"pulse": ""}, {"on_oxygen": None}, {"saturation": ""}, {"saturation_2": "90"},
     {"consciousness": "asleep"}, {"temperature": "warm"}, {"systolic": "NaN"}],
)  # fmt: skip
def test_without_every_part_there_is_no_score(change):
    assert score_news2(WELL._replace(**change)) is None
