"""Gathering: what every laptop holds is handed over to the records station, and put together there."""
