"""Read a home's settings, know its folders, and find the project's own data files."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from downtime.errors import InputError, NotFoundError
from downtime.settings import Settings

T = TypeVar("T")
SETTINGS = "docs/settings.md"
FORMER_SETTINGS = frozenset({"web.request_seconds"})
"""What earlier versions had and nothing needs any more: passed over, or an upgrade would keep a ward out."""


def read_data_file(package: str, name: str) -> dict[str, Any]:
    """A TOML file of the program's own that lies beside the modules of a package."""
    return tomllib.loads((files(package) / name).read_text("utf-8"))


def load_settings(path: Path) -> Settings:
    """The settings in a TOML file; InputError names the first key that is unknown or mistyped."""
    try:
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        if Home(path.parent).vault_file.is_file():
            raise NotFoundError(
                "config.lost",
                f"The home at {path.parent} has lost {path.name}. What it holds is still there.",
                "Keep the folder and make no new home in it; put that file back from the last backup.",
            ) from None
        raise NotFoundError(
            "config.missing",
            f"There is no Downtime home at {path.parent}.",
            "Run 'downtime init', or name the right folder with --home.",
        ) from None
    except UnicodeDecodeError:
        raise InputError(
            "config.text", f"{path.name} is not UTF-8 text.", "Put it back from the last backup."
        ) from None
    try:
        return parse_table(Settings, tomllib.loads(text), "")
    except tomllib.TOMLDecodeError as error:
        raise InputError(
            "config.syntax", f"{path.name} is not valid TOML: {error}.", "Correct that line."
        ) from None


def parse_table(kind: type[T], values: Mapping[str, Any], prefix: str, page: str = SETTINGS) -> T:
    """A table of config.toml as the dataclass `kind`; InputError names the first mistake.

    `prefix` stands before each key in the sentence, `page` is where its keys are listed.
    """
    types = get_type_hints(kind)
    checked_values = {}
    for name, value in values.items():
        if prefix + name in FORMER_SETTINGS:
            continue
        if name not in types:
            raise InputError(
                "config.unknown",
                f"config.toml has an unknown setting '{prefix}{name}'.",
                f"Remove it or correct its name; {page} lists all of them.",
            )
        checked_values[name] = _parse_value(types[name], value, prefix + name, page)
    return kind(**checked_values)


def _parse_value(kind: Any, value: Any, name: str, page: str) -> Any:
    wanted = get_origin(kind) or kind
    if isinstance(wanted, type) and is_dataclass(wanted) and isinstance(value, dict):
        return parse_table(wanted, value, name + ".", page)
    if wanted is tuple and isinstance(value, list) and all(isinstance(v, str) for v in value):
        return tuple(value)
    if wanted is float and type(value) is int:
        return float(value)
    if wanted is dict:
        if isinstance(value, Mapping):
            entry = get_args(kind)[1]
            return MappingProxyType(
                {key: _parse_value(entry, v, f"{name}.{key}", page) for key, v in value.items()}
                if entry is not Any
                else dict(value)
            )
    elif isinstance(value, wanted) and (wanted is bool) == isinstance(value, bool):
        return value
    raise InputError(
        "config.type",
        f"The setting '{name}' in config.toml has to be {_word_type(wanted)}.",
        f"Correct it; {page} shows its default.",
    )


_TYPE_WORDS: Mapping[Any, str] = {
    bool: "true or false, without quotation marks",
    int: "a whole number, without quotation marks",
    float: "a number, without quotation marks",
    str: 'a text in quotation marks: "…"',
    tuple: 'a list of texts: ["…", "…"]',
    dict: "a table with a value for each name",
}


def _word_type(wanted: Any) -> str:
    return _TYPE_WORDS.get(wanted, "a table of settings")


def describe_settings() -> str:
    """All settings as Markdown tables: what docs/settings.md holds."""
    parts = [
        f"## [{name}]\n\n{describe_table(kind)}" for name, kind in get_type_hints(Settings).items()
    ]
    former = ", ".join(f"`{name}`" for name in sorted(FORMER_SETTINGS))
    parts.append(f"Settings of earlier versions that are passed over: {former}.")
    return "\n\n".join(parts) + "\n"


def describe_table(kind: type) -> str:
    """The keys of one table with their defaults, as a Markdown table."""
    rows = [
        f"| `{f.name}` | {_describe_default(f)} | {f.metadata['doc']} |"
        for f in fields(kind)
        if f.metadata
    ]
    return "\n".join(["| setting | default | |", "|---|---|---|", *rows])


def _describe_default(item: Any) -> str:
    value = item.default_factory() if callable(item.default_factory) else item.default
    if isinstance(value, MappingProxyType):
        return "see below" if value else "empty"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    text = ", ".join(value) if isinstance(value, tuple) else str(value)
    return f"`{text}`" if text else "empty"


@dataclass(frozen=True, slots=True)
class Home:
    """The folder that holds everything one machine keeps (`DOWNTIME_HOME`)."""

    path: Path

    @property
    def config_file(self) -> Path:
        return self.path / "config.toml"

    @property
    def keys_folder(self) -> Path:
        """Key slots, the device's wrapped identities, pinned public keys."""
        return self.path / "keys"

    @property
    def bundles_folder(self) -> Path:
        """Sealed snapshots, ciphertext as received."""
        return self.path / "bundles"

    @property
    def snapshots_folder(self) -> Path:
        """One read-only encrypted database for each opened snapshot."""
        return self.path / "snapshots"

    @property
    def forms_folder(self) -> Path:
        """The hospital's own form definitions, beside those of the installation."""
        return self.path / "forms"

    @property
    def my_ward_file(self) -> Path:
        """The code of the ward on which this machine stands."""
        return self.path / "my-ward"

    @property
    def vault_file(self) -> Path:
        """Entries, ledger, logs, accounts, audit: encrypted."""
        return self.path / "vault.db"

    @property
    def marks_file(self) -> Path:
        """How far this machine had come, signed by it: numbers given out, entries of the audit."""
        return self.path / "marks"

    @property
    def newest_list_file(self) -> Path:
        """The newest list of machines that was ever taken, as its root signed it: also while locked."""
        return self.path / "newest-machines.json"

    @property
    def backups_folder(self) -> Path:
        """Copies of the vault, made before it was brought up to a newer version; encrypted."""
        return self.path / "backups"

    @property
    def inbox_folder(self) -> Path:
        """Sealed snapshots that were fetched and wait for somebody to unlock the vault."""
        return self.path / "inbox"

    @property
    def outbox_folder(self) -> Path:
        """What a publisher has published, laid out as at the places to which it is carried."""
        return self.path / "outbox"

    @property
    def heartbeats_folder(self) -> Path:
        """What other machines last said of themselves, each file as that machine signed it."""
        return self.path / "heartbeats"

    @property
    def runs_folder(self) -> Path:
        """How the last runs of publishing and pulling went; no secret and no patient in it."""
        return self.path / "runs"

    @property
    def shelf_folder(self) -> Path:
        """The sealed reference shelf as it was fetched, and copies of what is public."""
        return self.path / "shelf"

    @property
    def tls_folder(self) -> Path:
        """Certificate and key of the pages, for the front that encrypts them."""
        return self.path / "tls"

    @property
    def ingest_folder(self) -> Path:
        """All that was received, encrypted, one file a day; only on a machine that receives."""
        return self.path / "ingest"

    @property
    def base_file(self) -> Path:
        """The state by all that has left the ledger; encrypted."""
        return self.path / "base.db"

    @property
    def state_file(self) -> Path:
        """What the feeds have said so far, encrypted; only on a machine that publishes."""
        return self.path / "state.db"


def data_folder(name: str) -> Path:
    """The project's `forms` or `templates`: beside the package in a checkout, inside it in a wheel."""
    package = Path(__file__).parent
    for candidate in (package / "_data" / name, package.parent / name):
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError(name)
