"""The certificate under which a machine's pages are served, as far as the program asks it."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ServerCertificate:
    """Times are in UTC; `sha256` is the fingerprint, in lower-case hexadecimal."""

    names: tuple[str, ...]
    issuer: str
    begins: datetime
    ends: datetime
    sha256: str

    def count_days_left(self, now: datetime) -> int:
        """Whole days until it ends; negative afterwards."""
        return (self.ends - now).days

    def describe_end(self, now: datetime, warning_days: int) -> str:
        """The sentence for the screen; empty while nothing is to be done."""
        days = self.count_days_left(now)
        if days > warning_days:
            return ""
        when = f"ended {-days} days ago" if days < 0 else f"ends in {days} days"
        return (
            f"The certificate of this machine's pages {when}: renew it with"
            " 'downtime tls certificate', or browsers on other machines refuse the pages."
        )
