"""Writes long lists of words so that they can be read."""


def words(text: str, between: str | None = None) -> tuple[str, ...]:
    """The words of a text, parted by white space or by another mark."""
    return tuple(text.split(between))
