"""Mutual aid: signed summaries and capacity that travel between hospitals on paper, in square codes."""
