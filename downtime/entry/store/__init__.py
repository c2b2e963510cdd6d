"""All SQL on the tables of entry, a module for each table or two."""
