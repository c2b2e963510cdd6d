"""What people key by hand into a recovered system, ticked line by line."""
