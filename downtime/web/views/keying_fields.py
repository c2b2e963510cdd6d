"""What the screens of keying show beside a form's fields: its scan, questions, and what is wrong."""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import astuple
from typing import Any

from flask import request

from downtime.entry import late_pages, picklists, scans, unscanned_pages
from downtime.entry.keyed_form import KeyedForm
from downtime.entry.queries import list_queries
from downtime.entry.validation import AnswerProblem, field_label
from downtime.web import confirm_fields, request_context
from downtime.web.views import queues

UNREAD = "scan-unread"
"""The form whose paper showed no code when somebody would attach it."""


def form_context(opened: KeyedForm) -> dict[str, Any]:
    """What stands beside the fields: the scan, and where each field is on it; words to choose."""
    vault, serial = request_context.vault(), opened.issued.serial
    scan = scans.find_scan(vault, serial)
    positions = scans.find_field_positions(vault, serial) if scan else {}
    return {
        "scan": scan,
        "scan_pages": scans.list_pages(vault, serial) if scan else [],
        "is_destroyed": bool(scan) and scans.has_destroyed_pages(vault, serial),
        "missing_pages": scans.list_missing_pages(vault, opened.issued) if scan else [],
        "late_pages": late_pages.find_late(vault, serial) if scan else [],
        "said_missing": unscanned_pages.list_said(vault, serial) if scan else [],
        "doubtful_scan": None if scan else scans.find_doubtful_scan(vault, serial),
        "no_code_read": request_context.session_texts(UNREAD) == serial,
        "positions": json.dumps(
            {key: [round(n, 4) for n in astuple(p)] for key, p in positions.items()}
        ),
        "suggestions": picklists.suggest_test_names(
            opened.definition, request_context.app_state().home
        ),
        "searched": picklists.SEARCHED,
        "asked": None,
        "marks": {},
        "ticked": {},
        "unseen_keys": (),
        "second_reading": opened.entry.second_reading if opened.entry else {},
        "carried": {},
        "carried_from": "",
        **_query_context(opened),
        "working": queues.current_queue(),
        "place": queues.current_place(),
        "page_id": secrets.token_hex(8),
    }


def _query_context(opened: KeyedForm) -> dict[str, Any]:
    """The questions on its fields, by key, and what each field of the screen is called."""
    rows = list_queries.list_queries(
        request_context.vault(), request_context.actor(), serial=opened.issued.serial
    )
    by_field: dict[str, list[list_queries.ListedQuery]] = {}
    for row in rows:
        by_field.setdefault(row.query.field, []).append(row)
    keys = ((item, key) for item in opened.keyed_items for key in item.answer_keys())
    return {
        "field_queries": by_field,
        "field_labels": {key: field_label(item, key) for item, key in keys},
    }


def question_context(
    problems: Sequence[AnswerProblem], answers: Mapping[str, str]
) -> dict[str, Any]:
    """What is wrong with each field and what is asked of it, for the list above the fields."""
    questions = confirm_fields.list_questions(problems, answers, request.form)
    sentences: dict[str, str] = {}
    for problem in problems:
        said_before = sentences.get(problem.key)
        sentences[problem.key] = (
            f"{said_before} {problem.sentence}" if said_before else problem.sentence
        )
    return {
        "problems": sentences,
        "questions": {question.key: question for question in questions},
        "confirm_reasons": confirm_fields.REASONS,
    }
