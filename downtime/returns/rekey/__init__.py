"""Re-key worklists: what people key into recovered systems by hand, ticked line by line."""
