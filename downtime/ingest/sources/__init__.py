"""Where messages come from: a listener, folders near and far, a server that is asked, a database."""
