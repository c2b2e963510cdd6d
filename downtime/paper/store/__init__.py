"""All SQL of the ledger, by table: forms, packs, layouts, moves, assignments."""
