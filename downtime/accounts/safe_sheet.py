"""The sheet for the safe: how a machine is opened when nobody can sign in, and what to do when it is lost.

It holds the recovery code. It is made when that code is shown, and goes nowhere but where a person says.
"""

from downtime.config import Home
from downtime.pdf.templates import render_pdf
from downtime.settings import Settings
from downtime.vault import device

WHERE_THINGS_ARE_KEPT = (
    ("This sheet", "In a sealed envelope in a safe, away from the machine."),
    ("Sticks of the site's root", "Each in a safe of its own, its passphrase with its keeper."),
    (
        "Unlock files of programs",
        "On the machine alone, for its user alone; in no backup in clear.",
    ),
    ("Backups ('downtime backup')", "Where a thief of the machine is not."),
    ("Password and authenticator", "With the administrator alone, never on this sheet."),
)
WHAT_TO_DO = (
    (
        "Nobody can sign in",
        "Open the envelope, run 'downtime recover USERNAME', type the code. It then shows a new code: make a new sheet.",
    ),
    (
        "This sheet was seen or lost",
        "Run 'downtime recover USERNAME' with it, or with its copy: the old code opens nothing any more.",
    ),
    (
        "The machine is lost or stolen",
        "On another machine: 'downtime fleet revoke CODE' with a stick of the root. Tell the data protection officer.",
    ),
    ("Its disk fails", "'downtime restore' puts the last backup on a new machine."),
    (
        "It is given away or scrapped",
        "'downtime destroy' destroys its keys first, then everything else, and writes a proof.",
    ),
)


def make_safe_sheet(
    home: Home, settings: Settings, written: str, code: str, administrator: str
) -> bytes:
    """A4 PDF with the recovery code `code`; `written` is when (UTC). The site's root is known only to who joined it."""
    card = device.read_own_card(home)
    return render_pdf(
        "sheet.html",
        title="Sheet for the safe",
        site=f"{settings.site.name} ({settings.site.code})",
        facts=(
            ("Recovery code", code),
            ("Machine", f"{card.code}, {card.name}"),
            ("Fingerprint of the machine", card.fingerprint),
            ("First administrator", administrator),
            ("Written (UTC)", written[:16].replace("T", " ")),
        ),
        blanks=(
            "Fingerprint of the site's root ('downtime root show STICK')",
            "Who keeps the sticks",
            "Who may open the envelope",
        ),
        tables=(
            ("What is kept where", WHERE_THINGS_ARE_KEPT),
            ("What to do when", WHAT_TO_DO),
        ),
        signature="Sealed by, date",
    )
