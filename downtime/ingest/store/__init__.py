"""The tables of the ledger: one encrypted file for each day."""
