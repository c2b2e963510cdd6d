"""Returned pages: opened in a process of their own, and what their codes say."""
