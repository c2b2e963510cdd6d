"""All SQL of the snapshots: the list in the vault, the publisher's state, and opened ones."""
