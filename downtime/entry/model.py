"""An entry: what one form said, who wrote it, who keyed it, who checked it, and when."""

from collections.abc import Mapping
from dataclasses import dataclass

from downtime.vault.lifecycle import Lifecycle

DRAFT, ENTERED, VERIFIED = "draft", "entered", "verified"

LIFECYCLE = Lifecycle(
    "entry",
    {
        DRAFT: (ENTERED,),  # every field passes the definition
        ENTERED: (VERIFIED, DRAFT),  # a second person agrees; or sends it back with a reason
        VERIFIED: (DRAFT,),  # found wrong later: corrected with a reason
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One form's answers. `event` is when it really happened, `entered` when it was keyed (UTC).

    `author` wrote on the paper, `transcriber` keyed it, `verifier` compared the two; the last two
    are account ids with the name that was shown then.
    """

    serial: str
    form: str
    version: str
    state: str
    outage: str
    """The outage whose ledger the form stands in; empty when it was printed ahead of any."""
    answers: Mapping[str, str]
    event: str = ""
    author: str = ""
    author_role: str = ""
    origin: str = "keyed"
    """`keyed` at a screen, or `imported` from a QuestionnaireResponse."""
    transcriber: str = ""
    transcriber_name: str = ""
    entered: str = ""
    verifier: str = ""
    verifier_name: str = ""
    verified: str = ""
    changed: str = ""
    """When the row last changed; a screen that holds an older one is told."""
    corrections: int = 0
    """How often it was sent back after it had been entered."""
