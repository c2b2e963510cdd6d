"""Pages of PDF: fonts, text, tags, and the writer that appends them; nothing here knows a form."""
