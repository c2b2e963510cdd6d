"""Attach a folder of scanned papers: each file goes to the form that its own codes name."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from downtime.entry.scans import attach_read_scan, read_scan
from downtime.entry.store import scans
from downtime.errors import ConflictError, InputError, UserError
from downtime.paper import ledger, serials
from downtime.scanning.scan_codes import list_serials
from downtime.settings import Settings
from downtime.vault.model import Actor
from downtime.vault.vault import Vault


class FiledScan(NamedTuple):
    """What became of one file: the form whose scan it is, or why it is nobody's."""

    file: str
    serial: str
    refusal: str
    is_new: bool = False


def list_files(folder: Path) -> list[Path]:
    """The files of a folder by name; InputError when it cannot be read, or holds none."""
    try:
        files = sorted(path for path in folder.iterdir() if path.is_file())
    except OSError:
        raise InputError(
            "scan.folder", f"{folder} cannot be read as a folder.", "Name the scanner's folder."
        ) from None
    if not files:
        raise InputError("scan.folder", f"{folder} holds no file.", "Name the scanner's folder.")
    return files


def attach_folder(
    vault: Vault, settings: Settings, files: Iterable[Path], actor: Actor
) -> list[FiledScan]:
    """Attach each file to the one form that its codes name; what cannot be is said, and stays."""
    return [_attach_file(vault, settings, path, actor) for path in files]


def _attach_file(vault: Vault, settings: Settings, path: Path, actor: Actor) -> FiledScan:
    try:
        return _attach(vault, settings, path, actor)
    except UserError as error:
        return FiledScan(path.name, "", f"{error.sentence} {error.next_step}")
    except OSError:
        return FiledScan(path.name, "", "It cannot be read.")


def _attach(vault: Vault, settings: Settings, path: Path, actor: Actor) -> FiledScan:
    if path.stat().st_size > settings.entry.scan_max_bytes:
        raise InputError("scan.unfit", "It is too large (entry.scan_max_bytes).", "Scan it anew.")
    file = read_scan(settings, path.read_bytes())
    named = list_serials(file.codes)
    if not named:
        raise ConflictError(
            "scan.no-code",
            "No code can be read on it.",
            "Compare the printed serial, and attach it to that form by itself.",
        )
    if len(named) > 1:
        raise ConflictError(
            "scan.several",
            f"Its codes name several forms: {serials.format_serials(named)}.",
            "Scan each paper into a file of its own.",
        )
    issued = ledger.get_form(vault, named[0])
    present = scans.fetch(vault.db, issued.serial)
    if present and not present.doubt and present.sha256 == file.sha256:
        return FiledScan(path.name, issued.serial, "")
    attach_read_scan(vault, issued, file, actor)
    return FiledScan(path.name, issued.serial, "", is_new=True)
