"""What every change has to fulfil: whoever makes it says why, where it is not plain."""

from downtime.errors import InputError


def check_reason(
    reason: str, code: str = "reason.missing", next_step: str = "Say in a few words why."
) -> str:
    """The reason without spaces around it; InputError when there is none, or no word in it.

    Figures alone are the rest of a scan that lost its beginning while a page loaded: no reason, and no yes.
    """
    text = reason.strip()
    if any(letter.isalpha() for letter in text):
        return text
    sentence = "A reason has words in it, not figures alone." if text else "A reason is needed."
    raise InputError(code, sentence, next_step)
