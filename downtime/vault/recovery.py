"""The recovery code on paper: 140 random bits in seven groups, each with its own check letter."""

import secrets

from downtime.errors import InputError

# Crockford's base 32: no I, L, O or U; what people write instead of them is understood.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
GROUPS = 7
_LOOKALIKE = str.maketrans("ILO", "110", " -")


def make_code() -> str:
    """Seven groups of four characters and a check character: `7K2PX-…`."""
    groups = ("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(GROUPS))
    return "-".join(group + _check_digit(group, n) for n, group in enumerate(groups, 1))


def parse_code(typed: str) -> str:
    """The secret in a typed code, in any case and spacing; InputError names the group to look at."""
    code = typed.strip().upper().translate(_LOOKALIKE)
    if len(code) != GROUPS * 5:
        raise _mistyped_error(f"A recovery code has {GROUPS} groups of 5 characters.")
    groups = [code[i : i + 5] for i in range(0, len(code), 5)]
    for number, group in enumerate(groups, 1):
        if not set(group) <= set(ALPHABET) or _check_digit(group[:4], number) != group[4]:
            raise _mistyped_error(f"Group {number} of the recovery code is mistyped.")
    return "".join(group[:4] for group in groups)


def _check_digit(group: str, number: int) -> str:
    """Odd weights, so that any one wrong character changes it; the group's place counts too."""
    total = sum((2 * i + 1) * ALPHABET.index(c) for i, c in enumerate(group))
    return ALPHABET[(total + number) % 32]


def _mistyped_error(sentence: str) -> InputError:
    return InputError("recovery.code", sentence, "Compare it with the paper, letter by letter.")
