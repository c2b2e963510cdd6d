"""Sync: what every laptop holds is exported for the records station, and merged there."""
