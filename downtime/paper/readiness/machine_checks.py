"""What can be looked at before anybody signs in, or before there is a home: disk, print queue, drawing of pages."""

from downtime.config import Home
from downtime.fleet.device_condition import PrinterState, ask_printer, read_condition
from downtime.paper.forms.load_form import find_all_problems, load_forms
from downtime.paper.layout.lay_out_form import lay_out_form
from downtime.paper.readiness.system_libraries import describe_missing_libraries
from downtime.settings import Settings

CheckResult = tuple[str, str]
"""What was found, and the fault or empty."""


def check_disk(home: Home, settings: Settings) -> CheckResult:
    """Whether the disk of the home has the room of `monitoring.disk_warning_mb` (MB)."""
    free = read_condition(home, PrinterState.UNKNOWN).free_mb
    least = settings.monitoring.disk_warning_mb
    if free is None:
        return "", "How much room there is cannot be told. Restart the laptop."
    fault = f"Less than {least:,} MB. Make room on the disk." if free < least else ""
    return f"{free:,} MB are free", fault


def check_printer(settings: Settings) -> CheckResult:
    """Whether the print queue of the settings answers; a program is started for it."""
    state, queue = ask_printer(settings), settings.printing.queue
    if state is PrinterState.NONE:
        return "No queue is set: pages go to the screen or into a folder", ""
    if state is PrinterState.READY:
        return f"The queue '{queue}' is ready", ""
    word = "is stopped" if state is PrinterState.STOPPED else "does not answer"
    return "", f"The queue '{queue}' {word}. See to the printer and its cable."


def check_printing(home: Home | None, settings: Settings) -> CheckResult:
    """Whether a form can be laid out, and every form of the site be read."""
    if missing := describe_missing_libraries():  # WeasyPrint would write to standard output
        return "", missing
    try:
        form = next(iter(load_forms(home).values()))
        lay_out_form(form, home, settings)
    except OSError as error:  # a library of the system, or a font, is not there
        return "", f"Pages cannot be drawn: {error}. Have the program installed anew."
    if problems := find_all_problems(home):
        first = problems[0]
        return "", (
            f"{len(problems)} mistakes in the site's forms, the first in {first.file} line {first.line}:"
            f" {first.sentence} That form is not printed: have it mended."
        )
    return "A form was laid out as a trial", ""
