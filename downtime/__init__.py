"""Downtime: keeps a hospital working when its computers do not."""

__version__ = "0.1.0"
