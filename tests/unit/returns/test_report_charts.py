"""Charts of the report: words under the axis stand apart, and what waits is all that waits."""

from zoneinfo import ZoneInfo

import pytest

from downtime.reconcile.harm.turnaround import SPAN_TITLES
from downtime.returns.report.charts import (
    HEIGHT,
    Chart,
    FormHistory,
    chart_backlog,
    chart_forms,
    choose_scale,
)

ZONE, LETTER = ZoneInfo("Europe/London"), 5.8
"""A letter of a label of ten units is at most so wide."""


def at(day: int, hour: int) -> str:
    return f"2026-11-{day:02}T{hour:02}:00:00Z"


@pytest.mark.parametrize("hours", [1, 5, 12, 24, 40, 48, 100, 700])
def test_no_two_words_under_the_axis_touch(hours):
    scale = choose_scale(at(1, 8), at(1 + hours // 24, 8 + hours % 24 % 15), ZONE)
    lines: dict[float, list] = {}
    for label in chart_forms([], scale).axis_labels():
        lines.setdefault(label.y, []).append(label)
        assert label.y <= HEIGHT
    assert lines
    for labels in lines.values():
        for label, after in zip(labels, labels[1:], strict=False):
            ends = label.x + len(label.text) * LETTER / 2
            assert ends < after.x - len(after.text) * LETTER / 2


def test_every_stretch_of_a_test_is_named_in_full():
    titles = tuple(SPAN_TITLES.values())
    chart = Chart("delays", "Delays", "minutes", titles, {"Before": (1,) * len(titles)})
    words = " ".join(label.text for label in sorted(chart.axis_labels(), key=lambda a: (a.x, a.y)))
    assert words == " ".join(titles)


def test_paper_that_came_back_waits_though_nobody_has_keyed_it():
    scale = choose_scale(at(2, 10), at(2, 13), ZONE)
    histories = [
        FormHistory(at(2, 10), at(2, 11), at(2, 12)),
        FormHistory("", "", "", returned=at(2, 11)),
        FormHistory("", at(2, 12), ""),
    ]
    assert chart_backlog(histories, scale).series["Left"] == (1, 2, 2, 2)
    assert chart_forms(histories, scale).series["Written"] == (1, 0, 0, 0)
