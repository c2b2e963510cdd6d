"""Drills: a script of what happens when, what has to be done about it, and how it went."""
