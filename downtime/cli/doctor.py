"""What is missing or wrong on this machine; works before there is a home, and before anybody signs in."""

from dataclasses import asdict

from downtime.accounts.model import Permission
from downtime.cli.program import downtime
from downtime.cli.session import Output, Session, command
from downtime.paper.readiness.examine_machine import (
    MACHINE_CHECK_TITLES,
    Severity,
    examine_machine,
    find_worst,
)

_EXIT_CODES = {Severity.RIGHT: 0, Severity.WARNING: 1, Severity.FAULT: 2}
_SEVERITY_TITLES = {Severity.RIGHT: "right", Severity.WARNING: "LOOK", Severity.FAULT: "FAULT"}
_VERDICTS = {
    Severity.RIGHT: "This machine can work.",
    Severity.WARNING: "This machine can work; see to what says LOOK.",
    Severity.FAULT: "Something will not work; see to what says FAULT.",
}


@command(downtime, "doctor", permission=Permission.PUBLIC)
def doctor(session: Session) -> Output:
    """Look whether this machine has what the program needs, a line each with what to do next.

    Libraries, fonts, a page drawn as a trial, clock, home, disk, print queue, memory. It needs no home and
    nobody to sign in. Exit 1 when something should be seen to, 2 when something will not work.
    """
    checks = examine_machine(session.home, session.clock)
    worst = find_worst(checks)
    lines = [
        f"{_SEVERITY_TITLES[check.severity]:<6} {MACHINE_CHECK_TITLES[check.kind]}: {check.sentence}"
        for check in checks
    ]
    document = {"worst": worst, "checks": [asdict(check) for check in checks]}
    return Output(document, [*lines, _VERDICTS[worst]], _EXIT_CODES[worst])
