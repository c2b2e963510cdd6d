"""The page of a served demonstration that shows who can sign in, and with which code now."""

from collections.abc import Callable, Sequence

from flask import Blueprint, render_template

from downtime.accounts import totp
from downtime.accounts.model import Permission
from downtime.clock import Clock

Account = dict[str, str]


def make_pages(read_accounts: Callable[[], Sequence[Account]], clock: Clock) -> Blueprint:
    """Its pages; every person in it is invented, so that anybody may see their passwords."""
    pages = Blueprint("demonstration", __name__, template_folder="data")

    def start() -> str:
        now = clock()
        accounts = [
            account | {"code": totp.make_code(account["one_time_code_secret"], now)}
            for account in read_accounts()
        ]
        seconds = totp.STEP_SECONDS - int(now.timestamp()) % totp.STEP_SECONDS
        return render_template("demonstration.html", accounts=accounts, seconds=seconds)

    start.permission = Permission.PUBLIC  # type: ignore[attr-defined]
    pages.get("/demonstration")(start)
    return pages
