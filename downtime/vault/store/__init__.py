"""The SQL of the vault's own tables: the audit chain, its checkpoints, jobs."""
