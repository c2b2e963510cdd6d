"""The states of a message on its way to a recovered system, and the ways it can take: tables."""

from downtime.vault.lifecycle import Lifecycle

FILE, MLLP, FHIR, WORKLIST = "file", "mllp", "fhir", "worklist"
CHANNELS = {
    FILE: "HL7 v2 file",
    MLLP: "HL7 v2 over the network",
    FHIR: "FHIR over the network",
    WORKLIST: "Worklist to key",
}
"""Each way out, and what it is called."""

QUEUED, SENDING, SENT = "queued", "sending", "sent"
ACKNOWLEDGED, REFUSED, HELD, RESOLVED = "acknowledged", "refused", "held", "resolved"

LIFECYCLE = Lifecycle(
    "returned-message",
    {
        QUEUED: (SENDING, SENT, HELD, RESOLVED),  # files and lists are handed over at once
        SENDING: (SENT, ACKNOWLEDGED, REFUSED, QUEUED),  # queued: no answer came, same bytes again
        SENT: (ACKNOWLEDGED, REFUSED, QUEUED),  # handed over; no word yet whether it was taken in
        ACKNOWLEDGED: (SENT,),  # only a tick on a worklist that is taken back
        REFUSED: (QUEUED, RESOLVED),
        HELD: (QUEUED, RESOLVED),  # behind a refused message of the same patient
        RESOLVED: (QUEUED,),  # decided to be returned once more
    },
)

WAITING = (QUEUED, SENDING, HELD, REFUSED)
"""States in which a message is not through: the patient's next one waits, and the outage is open."""

SAID = {
    QUEUED: "waits for its turn",
    SENDING: "being sent",
    SENT: "handed over",
    ACKNOWLEDGED: "taken in",
    REFUSED: "refused",
    HELD: "held behind a refused one",
    RESOLVED: "settled otherwise",
}
"""Each state in words for a screen."""
