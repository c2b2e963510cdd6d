"""Run one of the system's own programs, such as `lp`, with a limit of time."""

import subprocess
from collections.abc import Sequence


class ProgramError(Exception):
    """It failed; the message is what it wrote about it, or empty."""

    def __init__(self, message: str, exit_code: int = 1) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def run_program(command: Sequence[str], content: bytes, seconds: float) -> bytes:
    """Give it its standard input and wait until it ends well; what it wrote.

    ProgramError when it does not; TimeoutError; FileNotFoundError when there is no such program.
    """
    try:
        done = subprocess.run(  # noqa: S603 - the words of a command, never a shell's line
            command, input=content, capture_output=True, timeout=seconds
        )
    except subprocess.TimeoutExpired:
        raise TimeoutError from None
    if done.returncode:
        raise ProgramError(done.stderr.decode(errors="replace").strip(), done.returncode)
    return done.stdout
