"""Filters of templates: what stays in one line, and what is empty."""

from downtime.web.template_filters import split_moment


def test_day_and_time_stay_each_in_one_line_and_no_time_is_empty():
    assert split_moment("02-Nov-2026 14:05") == (
        '<span class="nowrap">02-Nov-2026</span> <span class="nowrap">14:05</span>'
    )
    assert (split_moment("") or "Time not recorded") == "Time not recorded"
