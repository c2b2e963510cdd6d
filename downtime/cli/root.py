"""The site's root: its keys are made once, kept on sticks, and change only by several together."""

from collections.abc import Iterable
from pathlib import Path

import click

from downtime.accounts.model import Permission
from downtime.cli.options import FILE, FOLDER, REASON, out_option
from downtime.cli.program import root
from downtime.cli.session import Output, Session, command, prompt_for
from downtime.cli.sticks import STICK, open_keys
from downtime.errors import ConflictError, InputError
from downtime.fleet import machine_list, site_root
from downtime.fleet.model import AuditAction
from downtime.fleet.site_root import NewStick, Roots
from downtime.vault.signed_list import pin_root


@command(root, "create", permission=Permission.PUBLIC)
@click.option("--keys", default=3, show_default=True, help="How many keys are made.")
@click.option(
    "--threshold", default=2, show_default=True, help="How many sign a new root together."
)
@click.option(
    "--to",
    "folders",
    multiple=True,
    required=True,
    type=FOLDER,
    help="Folder of an empty stick, one for each key; with a single one all keys go there.",
)
@click.option("--site-code", required=True, metavar="CODE", help="site.code of the hospital.")
def create(
    session: Session, keys: int, threshold: int, folders: tuple[Path, ...], site_code: str
) -> Output:
    """Make a site's root, once: a key on each stick, under its keeper's passphrase. Needs no home."""
    if len(folders) not in (1, keys):
        raise InputError(
            "root.sticks", f"{keys} keys need {keys} sticks.", "Name each stick with --to."
        )
    places = folders * (keys if len(folders) == 1 else 1)
    sticks = _new_sticks(places, range(1, keys + 1))
    settings = session.settings_or_default
    roots = site_root.create_root(site_code, sticks, threshold, settings, session.clock)
    return Output(
        _document(roots),
        [
            f"The root of {site_code}: {keys} keys, of which {threshold} sign a new one together.",
            *(
                ["Now move each key to a stick of its own: in one place they protect nothing."]
                if len(folders) == 1 < keys
                else []
            ),
            "Each keeper locks a stick away. Any one of them signs the list of machines.",
            "Next, on the publisher: 'downtime fleet start --stick FOLDER --role publisher"
            " --reason TEXT'.",
        ],
    )


def _new_sticks(folders: Iterable[Path], labels: Iterable[int]) -> list[NewStick]:
    sticks = []
    for folder, label in zip(folders, labels, strict=False):
        passphrase = prompt_for(f"New passphrase for stick {label}", secret=True)
        if prompt_for("Once more", secret=True) != passphrase:
            raise InputError("root.differ", "The two passphrases differ.", "Type them again.")
        sticks.append(NewStick(folder, passphrase))
    return sticks


@command(root, "show", permission=Permission.PUBLIC)
@click.argument("place", type=click.Path(exists=True, path_type=Path))
def show(session: Session, place: Path) -> Output:
    """Which sticks a root knows, and how many sign together: PLACE is a stick, or a root's file."""
    roots = site_root.read_roots(place)
    return Output(_document(roots), _lines(roots))


@command(root, "rotate", permission=Permission.PUBLIC)
@click.argument("place", type=click.Path(exists=True, path_type=Path))
@STICK
@click.option(
    "--remove", multiple=True, type=int, metavar="NUMBER", help="Stick that is believed no longer."
)
@click.option("--to", "folders", multiple=True, type=FOLDER, help="Empty stick for a new key.")
@click.option("--threshold", type=int, help="How many sign together from now on.")
@out_option("File to write: the new root.")
def rotate(
    session: Session,
    place: Path,
    sticks: tuple[Path, ...],
    remove: tuple[int, ...],
    folders: tuple[Path, ...],
    threshold: int | None,
    out: Path,
) -> Output:
    """Make the next root: PLACE is a stick or file with the present one. Needs no home.

    Signed with the sticks at hand; others sign with 'downtime root sign'. Nothing changes before
    'downtime root adopt'.
    """
    roots = _require_complete(site_root.read_roots(place))
    keys = open_keys(sticks)
    added = _new_sticks(folders, range(1, len(folders) + 1))
    proposed = site_root.propose_root(
        roots,
        keys,
        session.settings_or_default,
        session.clock,
        remove=remove,
        add=added,
        threshold=threshold,
    )
    site_root.write_roots(out, proposed)
    return Output(_document(proposed), _lines(proposed))


def _require_complete(roots: Roots) -> Roots:
    if missing := site_root.count_missing(roots):
        raise ConflictError(
            "root.incomplete",
            f"{missing} signatures are missing on this root.",
            "Let other keepers sign it: 'downtime root sign'.",
        )
    return roots


@command(root, "sign", permission=Permission.PUBLIC)
@FILE
@STICK
def sign(session: Session, file: Path, sticks: tuple[Path, ...]) -> Output:
    """Sign a new root with further sticks. Needs no home."""
    signed = site_root.sign_root(site_root.read_roots(file), open_keys(sticks))
    site_root.write_roots(file, signed)
    return Output(_document(signed), _lines(signed))


@command(root, "adopt", permission=Permission.DEVICE_MANAGE)
@FILE
@STICK
@REASON
def adopt(session: Session, file: Path, sticks: tuple[Path, ...], reason: str) -> Output:
    """Sign the list of machines under a new root, which reaches all machines with it."""
    roots = _require_complete(site_root.read_roots(file))
    vault, actor = session.vault, session.actor
    (key, *_) = open_keys(sticks)
    following = machine_list.change_list(
        vault,
        session.settings,
        key,
        lambda listed: listed,
        actor,
        AuditAction.ROOT_ROTATE,
        str(roots[-1].signed.version),
        reason,
        roots=roots,
    )
    for stick in sticks:
        site_root.write_roots(
            (stick.parent if stick.is_file() else stick) / site_root.FILE_NAME, roots
        )
    return Output(
        _document(roots),
        [f"List number {following.version} is signed under root {roots[-1].signed.version}."],
    )


def _document(roots: Roots) -> dict[str, object]:
    newest = roots[-1].signed
    return {
        "site": newest.unrecognized_fields["site"],
        "version": newest.version,
        "sticks": site_root.list_sticks(newest),
        "threshold": newest.roles["root"].threshold,
        "expires": newest.expires.isoformat(),
        "missing": site_root.count_missing(roots),
        "fingerprint": _find_fingerprint(roots),
    }


def _find_fingerprint(roots: Roots) -> str:
    """Of the first root, which every machine of the site remembers; in groups, to compare by eye."""
    digest = pin_root(roots[0]).sha256
    return " ".join(digest[place : place + 8] for place in range(0, 64, 8))


def _lines(roots: Roots) -> list[str]:
    newest, missing = roots[-1].signed, site_root.count_missing(roots)
    signed = (
        f"{missing} more keepers have to sign it: 'downtime root sign'."
        if missing
        else "It is signed by enough keepers; machines follow it with the next list."
    )
    return [
        f"Root {newest.version} of {newest.unrecognized_fields['site']}: sticks"
        f" {', '.join(site_root.list_sticks(newest))}, of which {newest.roles['root'].threshold}"
        f" sign together; renew it before {newest.expires:%Y-%m-%d}.",
        signed,
        f"Fingerprint of the site's root, for the sheet in the safe: {_find_fingerprint(roots)}",
    ]
