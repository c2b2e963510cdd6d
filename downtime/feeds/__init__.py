"""Bytes from hospital systems become changes to clinical records, and rejects with reasons."""
