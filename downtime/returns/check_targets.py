"""Whether the targets of the configuration can be used: every one is read and checked."""

from downtime.errors import InputError
from downtime.returns.channels import CHANNELS
from downtime.returns.profiles import Target, read_target
from downtime.settings import Settings


def check_target(settings: Settings, system: str) -> Target:
    """One system's table, with the files that it names; InputError for the first mistake."""
    target = read_target(settings, system)
    CHANNELS[target.channel].check(settings, target)
    return target


def check_targets(settings: Settings) -> tuple[list[Target], list[InputError]]:
    """The systems that can be reached as their tables say, and what is wrong with the others'."""
    targets, faults = [], []
    for system in settings.returns.targets:
        try:
            targets.append(check_target(settings, system))
        except InputError as fault:
            faults.append(fault)
    return targets, faults
