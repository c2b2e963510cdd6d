"""The SQL of compared items, what was decided about them, and what was compared when."""
