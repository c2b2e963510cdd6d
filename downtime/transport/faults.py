"""Faults of the libraries that reach other machines, as one kind, without what they tell of paths."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager

from downtime.errors import InputError, UserError

_MISSING_CODES = {"404", "NoSuchKey", "NoSuchBucket", "NotFound"}
_DENIED_CODES = {"403", "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch"}


class RemoteFolderError(OSError):
    """A server cannot be reached or does not do what is asked: which fault, without an address."""


@contextmanager
def faults_as_os_errors() -> Iterator[None]:
    """Faults of four libraries as OSError: FileNotFoundError, PermissionError, RemoteFolderError.

    None of their texts, which name paths, addresses and users, goes on.
    """
    try:
        yield
    except UserError:
        raise
    except ImportError as error:
        raise InputError(
            "transport.missing",
            f"The package {error.name or 'for this kind of folder'} is not installed.",
            "Install Downtime with the extra 's3'.",
        ) from None
    except Exception as error:
        raise _as_os_error(error) from error


def _as_os_error(error: Exception) -> OSError:
    code = _response_code(error)
    number = error.errno if isinstance(error, OSError) else None
    if number == errno.ENOENT or code in _MISSING_CODES or _is_named(error, "SFTPNoSuchFile"):
        return FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
    if number == errno.EACCES or code in _DENIED_CODES or _is_named(error, "SFTPPermissionDenied"):
        return PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    if isinstance(error, OSError) and type(error).__module__ == "builtins":
        # The text of a refused connection names the address: the error's number says the rest.
        return type(error)(number, os.strerror(number)) if number else type(error)()
    return RemoteFolderError(
        number or 0, f"the server answered with a fault ({code or type(error).__name__})"
    )


def _response_code(error: Exception) -> str:
    """The word with which an S3 server refuses."""
    response = getattr(error, "response", None)
    if not isinstance(response, dict):
        return ""
    code = str(response.get("Error", {}).get("Code", ""))
    return code if code.isalnum() else ""


def _is_named(error: Exception, name: str) -> bool:
    return any(kind.__name__ == name for kind in type(error).__mro__)
