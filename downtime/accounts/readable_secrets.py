"""Random secrets that a person reads from paper and types."""

import secrets

_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is mistaken for another


def make_readable_secret(groups: int, letters: int = 4) -> str:
    """So many groups of letters and digits, with hyphens between: nearly five random bits a letter."""
    parts = ("".join(secrets.choice(_LETTERS) for _ in range(letters)) for _ in range(groups))
    return "-".join(parts)
