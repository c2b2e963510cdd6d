"""The completeness statement: every form, item and message accounted for, and signed."""
