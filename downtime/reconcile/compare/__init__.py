"""The three-way comparison: what happened on paper beside the hospital before and after."""
