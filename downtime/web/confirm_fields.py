"""What a screen asks about implausible answers and times that happened twice, and what it sends back.

The names of these fields hold a `?`, which no field of a form may have.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from downtime.entry.confirm_policies import parse_reason
from downtime.entry.judge_answers import ConfirmRequests
from downtime.entry.plausibility.model import ConfirmRequest
from downtime.entry.plausibility.wording import REASON_TITLES
from downtime.entry.typed_times import TimeChoice
from downtime.entry.validation import AnswerProblem, ProblemKind

MARK = "?"
_REASON, _NOTE, _SHOWN, _HOUR, _TYPED = "reason?", "note?", "shown?", "hour?", "typed?"
REASONS = REASON_TITLES
"""What a person may choose, with its words."""


class Question(NamedTuple):
    """What is asked of one field."""

    key: str
    sentences: tuple[str, ...]
    tokens: str
    """What is confirmed, with spaces between; empty when it is asked which of two times is meant."""
    reason: str
    note: str
    choices: tuple[TimeChoice, ...]
    typed: str
    """The time as it was typed, to which a choice belongs."""


def read_confirm_requests(sent: Mapping[str, str]) -> ConfirmRequests:
    """What was confirmed: of each field the findings that were shown, and a reason. InputError."""
    return {
        name.removeprefix(_REASON): _read_request(sent, name.removeprefix(_REASON), text)
        for name, text in sent.items()
        if name.startswith(_REASON) and text
    }


def _read_request(sent: Mapping[str, str], key: str, reason: str) -> ConfirmRequest:
    tokens = frozenset(sent.get(_SHOWN + key, "").split())
    return ConfirmRequest(tokens, parse_reason(reason), sent.get(_NOTE + key, ""))


def add_chosen_hours(answers: Mapping[str, str], sent: Mapping[str, str]) -> dict[str, str]:
    """The answers with the offset that was chosen for a time, while it is the time that was asked about."""
    return {
        key: f"{text}{offset}"
        if (offset := sent.get(_HOUR + key, "")) and sent.get(_TYPED + key) == text
        else text
        for key, text in answers.items()
    }


def list_questions(
    problems: Iterable[AnswerProblem], answers: Mapping[str, str], sent: Mapping[str, str]
) -> list[Question]:
    """One question for each field that is asked about, with what was answered so far."""
    by_key: dict[str, list[AnswerProblem]] = {}
    for problem in problems:
        if problem.kind != ProblemKind.REFUSED:
            by_key.setdefault(problem.key, []).append(problem)
    return [_make_question(key, asked, answers, sent) for key, asked in by_key.items()]


def _make_question(
    key: str, asked: list[AnswerProblem], answers: Mapping[str, str], sent: Mapping[str, str]
) -> Question:
    return Question(
        key,
        tuple(problem.sentence for problem in asked),
        " ".join(problem.token for problem in asked if problem.token),
        sent.get(_REASON + key, ""),
        sent.get(_NOTE + key, ""),
        next((problem.choices for problem in asked if problem.choices), ()),
        answers.get(key, ""),
    )
