"""Paper: form definitions, page geometry, packs, stamping, and the ledger of every issued form."""
