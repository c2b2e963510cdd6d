"""The reference shelf: the hospital's own protocols, plans and telephone book, on every laptop."""
