"""Opens in the background what was fetched while nobody was signed in, and what comes after."""

import logging
import threading

from downtime.fleet.pull_snapshot import Opener, has_waiting, open_waiting
from downtime.outage.outages import list_down_systems
from downtime.paper.shelf.shelf_exchange import merge_waiting
from downtime.vault import device
from downtime.vault.model import Actor
from downtime.vault.vault import Vault
from downtime.web.request_context import AppState

log = logging.getLogger("downtime.web")

LOOK_SECONDS = 2.0
PAUSE_SECONDS = 60.0
"""After what could not be opened: a full disk is not filled again at once."""


class SnapshotOpener(threading.Thread):
    """Looks into the inbox while the vault is open. Pages show the snapshot before meanwhile."""

    def __init__(self, web: AppState) -> None:
        super().__init__(name="downtime-opener", daemon=True)
        self._state = web
        self._stopping = threading.Event()

    def run(self) -> None:
        """Until `stop`."""
        pause = LOOK_SECONDS
        while not self._stopping.wait(pause):
            pause = LOOK_SECONDS if self.open_if_unlocked() else PAUSE_SECONDS

    def stop(self) -> None:
        """Finish what is being opened, and end."""
        self._stopping.set()
        self.join()

    def open_if_unlocked(self) -> bool:
        """Open what waits, if somebody is signed in; False when something waits still."""
        try:
            with self._state.vault_holder.use_if_unlocked() as vault:
                if vault is None or vault.is_read_only:
                    return True
                merge_waiting(vault, self._state.settings, _make_actor(vault))
                if not has_waiting(self._state.home):
                    return True
                return not open_waiting(self._state.settings, _make_opener(vault)).waiting
        except Exception as error:
            log.error("opener: %s", type(error).__name__)
            return False


def _make_opener(vault: Vault) -> Opener:
    return Opener(vault, _make_actor(vault), list_down_systems(vault))


def _make_actor(vault: Vault) -> Actor:
    return Actor("pull", "Pulled snapshot", device.read_own_code(vault.home))
