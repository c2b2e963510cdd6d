"""Word what is implausible, and why it was confirmed, when somebody reads it: `sentences.toml`."""

import re
from collections.abc import Callable, Mapping
from zoneinfo import ZoneInfo

from downtime.clinical import display
from downtime.clinical.value_limits import VALUE_LIMITS
from downtime.config import read_data_file
from downtime.entry.facts import PERSON_CHECK
from downtime.entry.plausibility.model import Confirmation, ConfirmReason, Finding, Rule
from downtime.entry.plausibility.number_rules import parse_number
from downtime.paper.forms.model import FormItem
from downtime.paper.serials import format_serial

_TABLE = read_data_file("downtime.entry.plausibility", "sentences.toml")
SENTENCES: Mapping[Rule, str] = {rule: _TABLE["rules"][rule] for rule in Rule}
"""One for each rule: a rule without a sentence ends the program as it starts."""
REASON_TITLES: Mapping[ConfirmReason, str] = {
    reason: _TABLE["reasons"][reason] for reason in ConfirmReason
}
_ENDINGS, _SIGNS = _TABLE["endings"], _TABLE["signs"]
_PLACE = re.compile(r"\{(\w+)(?::([\w-]+))?\}")


def word_finding(finding: Finding, fields: Mapping[str, FormItem], zone: ZoneInfo) -> str:
    """The sentence about an answer: its field, what is wrong with it and what to do; never the answer."""
    rule = word_rule(finding, fields, zone)
    ending = _ENDINGS["hard" if finding.is_hard else "soft"]
    return f"{label_field(fields, finding.key)}: {rule}; {ending}{_ask_about_unit(finding)}"


def _ask_about_unit(finding: Finding) -> str:
    """The question whether another unit was written, where the number says so."""
    limits, value = VALUE_LIMITS.get(finding.other), parse_number(finding.value)
    question = limits.find_mistaken_unit(value) if limits and value is not None else ""
    return f" {question}" if question else ""


def word_rule(finding: Finding, fields: Mapping[str, FormItem], zone: ZoneInfo) -> str:
    """What is implausible, without field and advice."""
    kinds: Mapping[str, Callable[[str], str]] = {
        "moment": lambda text: display.format_moment(text, zone),
        "day": display.format_day,
        "bound": _word_bound,
        "span": lambda text: _word_span(text, zone),
        "field": lambda text: label_field(fields, text),
        "form": format_serial,
        "sum": lambda text: _word_sum(fields, text),
    }

    def word(place: re.Match[str]) -> str:
        name, kind = place.groups()
        text = finding.limit if name == "limit" else finding.other
        return kinds[kind](text) if kind else display.format_units(text)

    return _PLACE.sub(word, SENTENCES[finding.rule])


def word_confirmation(
    confirmation: Confirmation, fields: Mapping[str, FormItem], zone: ZoneInfo
) -> str:
    """Who confirmed what, when and why, in one sentence."""
    title = REASON_TITLES[confirmation.reason]
    reason = f"{title}: {confirmation.note}" if confirmation.note else title
    return (
        f"{word_rule(confirmation.finding, fields, zone)}. Confirmed by {confirmation.name},"
        f" {display.format_moment(confirmation.at, zone)}: {reason}"
    )


def label_field(fields: Mapping[str, FormItem], key: str) -> str:
    """What a field is called in a sentence: its words on paper, and its row."""
    if key == PERSON_CHECK:
        return "Person"
    item = fields.get(key)
    row = key.partition(":")[2]
    name = (item.text or item.link_id) if item else key
    return f"{name}{f' (row {row})' if row else ''}"


def _word_bound(text: str) -> str:
    sign, _, number = text.partition(" ")
    return f"{_SIGNS.get(sign, sign)} {number}"


def _word_span(text: str, zone: ZoneInfo) -> str:
    start, _, end = text.partition(" ")
    until = f" until {display.format_moment(end, zone)}" if end else ""
    return f"from {display.format_moment(start, zone)}{until}"


def _word_sum(fields: Mapping[str, FormItem], names: str) -> str:
    parts = [
        f"{'less ' if name.startswith('-') else ''}'{label_field(fields, name.removeprefix('-'))}'"
        for name in names.split()
    ]
    return ", ".join(parts)
