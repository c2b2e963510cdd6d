"""Randomness that is the same every time: each question has a generator of its own."""

import random


def random_for(*path: object) -> random.Random:
    """A generator that depends on its path alone, so that one answer never shifts another."""
    return random.Random("/".join(map(str, path)))  # noqa: S311 - invented people, not secrets
