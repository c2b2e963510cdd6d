"""Pages straight from a scanner with a feeder, through SANE's `scanimage`: each is given on, none is kept.

Source: scanimage(1), and the status of the SANE standard 1.06, 4.2.7, with which it ends.
"""

import re
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from downtime.errors import ConflictError, InputError, NotFoundError, UserError
from downtime.processes.program import ProgramError, run_program
from downtime.processes.written_files import WrittenFile, read_written_files

DPI = 200
PAPER_MM = {"page-width": "210", "page-height": "297", "x": "210", "y": "297"}
"""A4 under each of the names that devices have for it; some begin with another paper."""
_GREY = re.compile(r"gr[ae]y", re.I)
_DUPLEX = re.compile(r"duplex", re.I)
_FEEDER = re.compile(r"adf|feeder|duplex", re.I)
_OPTION = re.compile(
    r"^ {2,6}--?([a-z][\w-]*)(?:\[=\(yes\|(no)\)\])? ?(.*?)(?: \[[^\[\]]*\])+$", re.M | re.I
)
_STATUS = re.compile(r"\(scanner status = (\d+)\)")
_WHOLE = ("0", "5")
"""Good, and end of file."""
_GO_ON = (
    "Then lay the sheet that was in it, and those behind it, on the feeder and give the same command"
    " again: what was read stays, and a page that is read again counts as a copy."
)
_FAULTS = {
    3: ("is used by somebody else", "Wait until it is free."),
    6: ("has a paper jam", "Take the paper out."),
    7: ("lost a sheet while it was read", "Take the paper out."),
    8: ("has an open cover", "Close it."),
    11: ("may not be used by this account", "Let it into the group 'scanner'."),
}
_AWAY = ("does not answer any more", "Look at its power and its cable.")


@dataclass(frozen=True, slots=True)
class Device:
    """A scanner as SANE names it."""

    name: str
    title: str


def list_devices(seconds: float) -> list[Device]:
    """The scanners of this machine and of its network; NotFoundError where there is none."""
    listed = _ask(["--formatted-device-list=%d\t%v %m%n"], "The search for scanners", seconds)
    rows = [line.partition("\t") for line in listed.splitlines() if "\t" in line]
    if not rows:
        raise NotFoundError(
            "scan.no-device",
            "No scanner was match.",
            "Switch it on, look at its cable, and see that SANE has a driver for it.",
        )
    return [Device(name, " ".join(title.split())) for name, _, title in rows]


def scan_pages(
    device: str, chosen: Mapping[str, str], seconds: float
) -> Generator[bytes, None, None]:
    """Each page, as TIFF, until the feeder is empty: 200 dpi, grey, both sides where the device can.

    `chosen` are options of the device that the caller wants otherwise. A scanner without a feeder
    gives the one page on its glass. ConflictError when it stops before, NotFoundError where there is
    no such device or no `scanimage`, InputError for an option that the device has not.
    """
    options = _choose_options(device, chosen, seconds)
    count = [] if _FEEDER.search(options.get("source", "")) else ["--batch-count=1"]
    command = _command(device, ["--format=tiff", "--batch=%d.tiff", *count], options)
    pages = 0
    with _faults(f"The scanner '{device}'"):
        for file in read_written_files(command, "{}.tiff.part".format, seconds):
            _check_is_whole(file)
            pages += 1
            yield bytes(file.content)


def _check_is_whole(file: WrittenFile) -> None:
    """ProgramError when the page was cut short."""
    status = _STATUS.search(file.messages.decode(errors="replace"))
    if status is None or status[1] not in _WHOLE:
        raise ProgramError("", int(status[1]) if status else 9)


def _command(device: str, arguments: Sequence[str], options: Mapping[str, str]) -> list[str]:
    named = [
        f"--{name}={value}" if len(name) > 1 else f"-{name}{value}"
        for name, value in options.items()
    ]
    return ["scanimage", f"--device-name={device}", *arguments, *named]


def _ask(arguments: Sequence[str], what: str, seconds: float) -> str:
    with _faults(what):
        return run_program(["scanimage", *arguments], b"", seconds).decode("utf-8", "replace")


def _choose_options(device: str, chosen: Mapping[str, str], seconds: float) -> dict[str, str]:
    """What to ask the device for: of what it has, what this program needs."""
    offered = _ask_options(device, {}, seconds)
    source = chosen.get("source") or _pick_source(offered.get("source", ""))
    first = {"source": source} if source else {}
    if first:  # what a feeder can is told only when it is the source
        offered |= _ask_options(device, first, seconds)
    if unknown := [name for name in chosen if name not in offered]:
        raise InputError(
            "scan.option",
            f"The scanner has no option '{unknown[0]}'.",
            f"Choose {', '.join(sorted(offered))}.",
        )
    wanted = {
        "mode": next((word for word in _split(offered.get("mode", "")) if _is_grey(word)), ""),
        "depth": "8" if "8" in _split(offered.get("depth", "")) else "",
        "resolution": _pick_resolution(offered.get("resolution", "")),
        "adf-mode": next(filter(_DUPLEX.search, _split(offered.get("adf-mode", ""))), ""),
        "duplex": "yes" if offered.get("duplex") == "no" else "",
    } | {name: value for name, value in PAPER_MM.items() if name in offered}
    return first | {name: value for name, value in wanted.items() if value} | dict(chosen)


def _ask_options(device: str, options: Mapping[str, str], seconds: float) -> dict[str, str]:
    """The options that can be set now, and the text of their choices ('no' for a switch)."""
    text = _ask(
        _command(device, ["--all-options"], options)[1:], f"The scanner '{device}'", seconds
    )
    return {
        match[1]: match[2] or match[3]
        for match in _OPTION.finditer(text)
        if "[inactive]" not in match[0] and "[read-only]" not in match[0]
    }


def _split(choices: str) -> list[str]:
    return [choice for choice in choices.split("|") if choice and choice != "auto"]


def _is_grey(mode: str) -> bool:
    return (
        bool(_GREY.search(mode)) and "[" not in mode
    )  # 'Gray[Error Diffusion]' is black and white


def _pick_source(choices: str) -> str:
    sources = _split(choices)
    both = filter(_DUPLEX.search, sources)
    return next(both, "") or next(filter(_FEEDER.search, sources), "")


def _pick_resolution(choices: str) -> str:
    """The smallest that is fine enough, else the finest; empty where the device has no choice."""
    numbers = [float(number) for number in re.findall(r"\d+(?:\.\d+)?", choices.partition(" (")[0])]
    if not numbers:
        return ""
    if ".." in choices:
        return f"{min(max(DPI, numbers[0]), numbers[1]):g}"
    return f"{min((number for number in numbers if number >= DPI), default=max(numbers)):g}"


@contextmanager
def _faults(what: str) -> Generator[None, None, None]:
    """Say what stopped the scanner, and what to do about it."""
    try:
        yield
    except FileNotFoundError:
        raise NotFoundError(
            "scan.no-scanimage",
            "This computer has no 'scanimage' to scan with.",
            "Install it: apt-get install sane-utils.",
        ) from None
    except TimeoutError:
        raise _stopped(what, *_AWAY) from None
    except ProgramError as error:
        if "open of device" in str(error) and "Invalid argument" in str(error):
            raise NotFoundError(
                "scan.unknown-device",
                f"{what} is not known here.",
                "Name one of those that 'downtime scan --list-devices' shows.",
            ) from None
        if "option" in str(error):
            raise InputError(
                "scan.option-value",
                f"{what} does not take one of the values of --scanner-option.",
                "See what it takes: scanimage --device-name NAME --all-options.",
            ) from None
        raise _stopped(what, *_FAULTS.get(error.exit_code, _AWAY)) from None


def _stopped(what: str, fault: str, remedy: str) -> UserError:
    return ConflictError("scan.stopped", f"{what} {fault}.", f"{remedy} {_GO_ON}")
