"""Carrying of sealed files between machines, whatever is in them."""
