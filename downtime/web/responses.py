"""What views answer with, and small readings of what a form sent."""

from flask import Response, request
from werkzeug.wrappers import Response as BaseResponse

from downtime.errors import InputError
from downtime.scanning.kept_picture import SUFFIXES, find_picture_type
from downtime.vault.policies import check_reason

MOST_REASON = 200
MOST_PAGES = 99
"""Of one form."""
ViewResponse = str | BaseResponse | tuple[str, int]


def read_whole_number(name: str, what: str, lowest: int, highest: int) -> int:
    """A whole number that a form sent; InputError says what it may be."""
    text = request.form.get(name, "").strip()
    if text.isdecimal() and len(text) < 10 and lowest <= int(text) <= highest:
        return int(text)
    raise InputError(
        "web.number",
        f"{what} must be a whole number from {lowest} to {highest}.",
        "Go back and correct it.",
    )


def required_reason() -> str:
    """The reason that a form sent; InputError when it is none."""
    text = request.form.get("reason", "")[:MOST_REASON]
    return check_reason(text, "web.reason", "Go back and give the reason in a few words.")


def file_response(
    content: bytes, media_type: str, file_name: str, *, inline: bool = False
) -> Response:
    """A file for the browser: shown in it, or saved."""
    answer = Response(content, mimetype=media_type)
    kind = "inline" if inline else "attachment"
    answer.headers["Content-Disposition"] = f'{kind}; filename="{_ascii_file_name(file_name)}"'
    return answer


def picture_response(picture: bytes, name: str) -> Response:
    """The picture of a scanned page, to be shown; `name` is its file's without the suffix."""
    kind = find_picture_type(picture)
    return file_response(picture, kind, f"{name}.{SUFFIXES[kind]}", inline=True)


def _ascii_file_name(file_name: str) -> str:
    return "".join(c if c.isascii() and (c.isalnum() or c in " -_.()") else "_" for c in file_name)
