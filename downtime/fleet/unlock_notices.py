"""What whoever unlocks a machine should know of its site, and what is done about it then."""

from collections.abc import Iterator

import sqlcipher3

from downtime.errors import ConflictError, UntrustedError
from downtime.fleet.close_unheard import close_or_reopen
from downtime.fleet.highest_list import NONE, raise_highest
from downtime.fleet.machine_list import list_warnings
from downtime.fleet.receipt_exchange import list_receipt_notices
from downtime.fleet.tls.server_certificate import read_certificate
from downtime.settings import Settings
from downtime.snapshot.index_again import index_again
from downtime.vault import machines
from downtime.vault.model import Actor
from downtime.vault.vault import Vault


def list_notices(
    vault: Vault, settings: Settings, actor: Actor, *, outage_open: bool
) -> Iterator[str]:
    """Sentences for the screen; closes or opens snapshots as `close_or_reopen` says.

    A list that cannot be believed is said, and keeps nobody out. Where the vault is lost, the snapshots
    that lie here are found again.
    """
    if vault.is_read_only:
        index_again(vault)
        return
    try:
        yield from _warn_older_list(vault)
        yield from list_receipt_notices(vault, actor)
        yield from list_warnings(vault.home, settings, vault.clock())
        yield from _warn_certificate(vault, settings)
        silence = close_or_reopen(vault, settings, actor, outage_open=outage_open)
    except UntrustedError as error:
        yield str(error)
        return
    except (OSError, sqlcipher3.OperationalError, ConflictError):
        return  # a disk that takes nothing: whoever is here reads on, and the next one hears of it
    if silence and (sentence := silence.describe(settings.fleet.unheard_warning_days)):
        yield sentence


def _warn_certificate(vault: Vault, settings: Settings) -> Iterator[str]:
    certificate = read_certificate(vault.home)
    now, days = vault.clock(), settings.tls.warning_days
    if certificate and (sentence := certificate.describe_end(now, days)):
        yield sentence


def _warn_older_list(vault: Vault) -> Iterator[str]:
    listed, highest = machines.read_list(vault.home), raise_highest(vault)
    if (listed.signed.rank if listed else NONE) < highest:
        yield (
            f"The list of machines on this disk is older than number {highest[1]}, which was believed"
            " here before: somebody put it back. Fetch the newest list, and tell security."
        )
