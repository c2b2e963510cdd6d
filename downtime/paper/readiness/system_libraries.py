"""What this program needs of the computer and of its own parts, tried one by one, each with its Debian package.

Source of the names: WeasyPrint 70 `text/ffi.py`; what `ldd` says of the compiled wheels that are installed.
"""

import ctypes
import sys
from collections.abc import Iterable, Iterator
from importlib import import_module
from typing import NamedTuple


class SystemLibrary(NamedTuple):
    """A library of the operating system: its file on Linux, its package on Debian 12 and 13."""

    file: str
    package: str
    purpose: str


SYSTEM_LIBRARIES = (
    SystemLibrary("libgobject-2.0.so.0", "libglib2.0-0", "drawing pages"),
    SystemLibrary("libpango-1.0.so.0", "libpango-1.0-0", "drawing pages"),
    SystemLibrary("libpangoft2-1.0.so.0", "libpangoft2-1.0-0", "drawing pages"),
    SystemLibrary("libharfbuzz.so.0", "libharfbuzz0b", "drawing pages"),
    SystemLibrary("libharfbuzz-subset.so.0", "libharfbuzz-subset0", "fonts within pages"),
    SystemLibrary("libfontconfig.so.1", "libfontconfig1", "drawing pages"),
    SystemLibrary("libstdc++.so.6", "libstdc++6", "barcodes and PDF files"),
    SystemLibrary("libgcc_s.so.1", "libgcc-s1", "keys and sealed files"),
    SystemLibrary("libz.so.1", "zlib1g", "PDF files"),
)
COMPILED_PARTS = (
    "sqlcipher3.dbapi2",
    "argon2",
    "pyrage",
    "cryptography.hazmat.primitives.asymmetric.ed25519",
    "pikepdf",
    "pypdfium2",
    "PIL.Image",
    "zxingcpp",
    "orjson",
    "rapidfuzz",
    "zstandard",
    "python_calamine",
)
"""Parts of this program that are no Python text: a wrong processor or half an installation shows here."""


def list_missing_libraries(
    libraries: Iterable[SystemLibrary] = SYSTEM_LIBRARIES,
) -> list[SystemLibrary]:
    """Those that cannot be loaded; none on other systems than Linux, whose names differ."""
    if sys.platform != "linux":
        return []
    return [library for library in libraries if not _can_load(library.file)]


def describe_missing_libraries() -> str:
    """One sentence that names what is missing, and the command that brings it; empty when nothing is."""
    missing = list_missing_libraries()
    if not missing:
        return ""
    names = ", ".join(f"{library.file} ({library.purpose})" for library in missing)
    packages = " ".join(library.package for library in missing)
    return f"Missing on this computer: {names}. Run 'apt-get update && apt-get install {packages}' as root."


def list_broken_parts(names: Iterable[str] = COMPILED_PARTS) -> Iterator[str]:
    """The parts that cannot be loaded, by name."""
    for name in names:
        try:
            import_module(name)
        except (ImportError, OSError):
            yield name.partition(".")[0]


def _can_load(file: str) -> bool:
    try:
        ctypes.CDLL(file)
    except OSError:
        return False
    return True
