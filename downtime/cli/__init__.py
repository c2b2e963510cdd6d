"""The command line: asks the rooms, shows what they answer, and turns errors into exit codes."""

import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

import click

from downtime.cli.program import downtime, load_all_commands
from downtime.errors import UserError
from downtime.processes.private_memory import keep_memory_private

__all__ = ["downtime", "main", "load_all_commands"]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and leave with 0 ok, 1 failed, 2 usage or 3 stale data."""
    keep_memory_private()
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code. A user never sees a traceback, nor data from one."""
    try:
        outcome = downtime.main(arguments, prog_name="downtime", standalone_mode=False)
        return outcome if isinstance(outcome, int) else 0
    except UserError as error:
        from downtime.security_events import report_error  # only then: '--help' starts at once

        report_error(error)
        click.echo(f"{error.sentence}\n{error.next_step}", err=True)
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped.", err=True)
        return 1
    except BrokenPipeError:
        return 1
    except ImportError as error:
        click.echo(_describe_missing_part(error) or _describe_fault(error), err=True)
        return 1
    except OSError as error:
        click.echo(
            _describe_missing_library(error) or _describe_os_error(error) or _describe_fault(error),
            err=True,
        )
        return 1
    except Exception as error:
        from downtime.vault.database import describe_damage  # only then: '--help' starts at once

        damage = describe_damage(error)
        sentence = f"{damage.sentence}\n{damage.next_step}" if damage else _describe_fault(error)
        click.echo(sentence, err=True)
        return 1


def _describe_missing_part(error: ImportError) -> str:
    """A part of other makers that cannot be loaded; empty when it is one of ours, which is a fault."""
    name = (error.name or "").partition(".")[0]
    if not name or name == "downtime":
        return ""
    return (
        f"A part of this program cannot be loaded: {name}."
        "\nHave the program installed anew, made for this computer's processor and Python."
    )


def _describe_missing_library(error: OSError) -> str:
    """A library of the system that a part of ours looked for in vain; empty when it is no such thing."""
    if error.errno is not None or "cannot load library" not in str(error):
        return ""
    from downtime.paper.readiness.system_libraries import describe_missing_libraries

    missing = describe_missing_libraries()
    return missing and f"{missing}\n'downtime doctor' looks at everything else."


def _describe_os_error(error: OSError) -> str:
    """What the operating system refused, with the file's name; empty when it is no such thing."""
    if error.errno is None:
        return ""
    what = f"{error.strerror}: {error.filename}" if error.filename else f"{error.strerror}"
    return (
        f"{what}.\nCheck the name, who may use it, and the space left on the disk; then try again."
    )


def _describe_fault(error: Exception) -> str:
    """Where it broke, without the message or values: those may hold patient data."""
    program = Path(__file__).parents[1]
    places = [
        f"{Path(frame.filename).relative_to(program).as_posix()}:{frame.lineno}"
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).is_relative_to(program)
    ]
    return (
        f"Downtime met a fault of its own ({type(error).__name__} at {' < '.join(places[::-1][:4])})."
        "\nNothing was changed by the step that failed. Report this line to its maintainers."
    )
