"""Decisions on their way back: messages, worklists, and the statement that accounts for all."""
