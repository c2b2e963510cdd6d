"""A print queue: asked before pages go to it, and followed until they are being printed.

CUPS takes pages for a queue that is stopped, and keeps them: nobody would miss them before they are
needed. What such a queue still holds is taken back, so that it never prints unlooked-for.
"""

import re
import time
from collections.abc import Callable

from downtime.errors import UserError
from downtime.fleet.device_condition import PrinterState, parse_printer_state
from downtime.paper_settings import PrintingSettings
from downtime.processes.program import ProgramError, run_program

_MOST_REASON = 200
"""Characters of what a printer answers."""
_ASK_SECONDS = 5.0
_PAUSE_SECONDS = 0.5
_JOB = re.compile(r"request id is (\S+)")


class StoppedMidwayError(UserError):
    """A printer stopped while it printed: some of the pages are on paper, and the rest is not."""


def send_to_queue(
    printing: PrintingSettings,
    queue: str,
    title: str,
    pages: bytes,
    *,
    two_sided: bool,
    pause: Callable[[float], None] = time.sleep,
) -> None:
    """Hand a PDF to `lp`, complete or not at all; `printer.…` when the queue does not print it."""
    if _ask_state(queue) is PrinterState.STOPPED:
        raise _refuse(queue, "it is stopped")
    try:
        answer = run_program(
            lp_command(printing, queue, title, two_sided=two_sided), pages, printing.seconds
        )
    except FileNotFoundError:
        raise UserError(
            "printer.no-lp", "This computer has no 'lp' to print with.", "Install CUPS."
        ) from None
    except TimeoutError:
        raise _refuse(queue, "no answer") from None
    except ProgramError as error:
        raise _refuse(queue, str(error)) from None
    if job := _JOB.search(answer.decode("utf-8", "replace")):
        _follow(printing, queue, job[1], pause)


def _follow(
    printing: PrintingSettings, queue: str, job: str, pause: Callable[[float], None]
) -> None:
    """Until the job is printed, or the queue works on it; it waits behind others no longer than set."""
    is_begun = False
    for _ in range(int(printing.follow_seconds / _PAUSE_SECONDS)):
        waiting = _ask("lpstat", "-o", queue)
        if waiting is None or job not in waiting.split():
            return
        answer = _ask("lpstat", "-p", queue) or ""
        is_begun = is_begun or f"now printing {job}." in answer
        if parse_printer_state(answer) is PrinterState.STOPPED:
            _ask("cancel", job)
            if is_begun:
                raise StoppedMidwayError(
                    "printer.midway",
                    f"The print queue '{queue}' stopped while it printed; what it still held was"
                    " taken back.",
                    "See to the printer, find the last form that came out whole, and print the rest"
                    " after its serial.",
                )
            raise _refuse(queue, "it stopped, and the pages were taken back")
        pause(_PAUSE_SECONDS)


def _ask_state(queue: str) -> PrinterState:
    return parse_printer_state(_ask("lpstat", "-p", queue) or "")


def _ask(*command: str) -> str | None:
    """What a program of CUPS answers; None when it does not."""
    try:
        answer = run_program(["/usr/bin/env", "LC_ALL=C", *command], b"", _ASK_SECONDS)
    except (ProgramError, OSError, TimeoutError):
        return None
    return answer.decode("utf-8", "replace")


def lp_command(printing: PrintingSettings, queue: str, title: str, *, two_sided: bool) -> list[str]:
    """The command that takes a PDF on its standard input; options as CUPS names them."""
    media = f"media=A4,{printing.tray}" if printing.tray else "media=A4"
    sides = "two-sided-long-edge" if two_sided else "one-sided"
    return [
        "lp", "-d", queue, "-n", str(printing.copies), "-t", title, "-o", media,
        "-o", f"sides={sides}",
    ]  # fmt: skip


def _refuse(queue: str, message: str) -> UserError:
    reason = message[:_MOST_REASON].rstrip(". ") or "no reason given"
    return UserError(
        "printer.refused",
        f"The print queue '{queue}' did not take the pages: {reason}.",
        "See to the printer, then print the failed pack again.",
    )
