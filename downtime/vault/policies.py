"""What every change has to fulfil: whoever makes it says why, where it is not plain."""

from downtime.errors import InputError


def check_reason(
    reason: str, code: str = "reason.missing", next_step: str = "Say in a few words why."
) -> str:
    """The reason without spaces around it; InputError when there is none."""
    if text := reason.strip():
        return text
    raise InputError(code, "A reason is needed.", next_step)
