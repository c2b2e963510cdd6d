"""All SQL of the returns: one module for a table and what belongs to it."""
