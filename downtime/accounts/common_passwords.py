"""Passwords that anybody tries first: the commonest ones, and those made of the words of this place.

`common_passwords.txt.gz` holds the 30,000 commonest of the public leaks, from zxcvbn (MIT, © 2012 Dropbox,
Inc., © 2016 Daniel Wolf). NIST SP 800-63B 5.1.1.2 asks to refuse them, and words of the context.
"""

import gzip
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

_FILE = Path(__file__).with_name("common_passwords.txt.gz")
_HOUSE_WORDS = frozenset({
    "admin", "doctor", "downtime", "health", "hospital", "laptop", "matron", "nurse", "password",
    "records", "trust", "ward", "welcome",
})  # fmt: skip
_SHORTEST_WORD = 4
_LEAST_CHARACTERS = 5
_LEAST_WORDS, _LEAST_FOREIGN = 3, 2  # different words, and those of them that are not of this place
_LEAST_OTHER_LETTERS = 4
_LETTER_RUN = re.compile(r"[^\W\d_]+")
_DISGUISED = str.maketrans("0134579@$!", "oleastgasi")


def is_common(password: str, own_words: Iterable[str]) -> bool:
    """Whether it is on the list, or nothing but few words of the list and of this place, with digits.

    `own_words` are names of the person and the hospital. Three unrelated words are enough, although each
    may be on the list.
    """
    plain = password.casefold()
    if plain in _load_list() or len(set(plain)) < _LEAST_CHARACTERS:
        return True
    place = _HOUSE_WORDS | {run for word in own_words for run in _list_runs(word)}
    return any(_is_made_of_words(text, place) for text in (plain, plain.translate(_DISGUISED)))


def _list_runs(text: str) -> list[str]:
    """The runs of letters, of three and more."""
    return [run for run in _LETTER_RUN.findall(text.casefold()) if len(run) >= _SHORTEST_WORD - 1]


def _is_made_of_words(text: str, place: frozenset[str]) -> bool:
    used_words: set[str] = set()
    other_letters = 0
    for run in _LETTER_RUN.findall(text):
        others, covering = _cover(run, place)
        other_letters += others
        used_words |= covering
    is_few = len(used_words) < _LEAST_WORDS or len(used_words - place) < _LEAST_FOREIGN
    return other_letters < _LEAST_OTHER_LETTERS and is_few


def _cover(run: str, place: frozenset[str]) -> tuple[int, frozenset[str]]:
    """The letters of a run that no known word covers, as few as can be, and the words that cover the rest."""
    best: list[tuple[int, frozenset[str]]] = [(0, frozenset())]
    for end in range(1, len(run) + 1):
        others, covering = best[end - 1]
        choices = [(others + 1, covering)]
        for start in range(max(0, end - 20), end - 2):
            word = run[start:end]
            if word in place or (len(word) >= _SHORTEST_WORD and word in _load_list()):
                others, covering = best[start]
                choices.append((others, covering | {word}))
        best.append(min(choices, key=lambda choice: (choice[0], len(choice[1]))))
    return best[-1]


@cache
def _load_list() -> frozenset[str]:
    return frozenset(gzip.decompress(_FILE.read_bytes()).decode().split("\n"))
