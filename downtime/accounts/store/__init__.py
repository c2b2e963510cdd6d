"""All SQL on the tables of accounts, a module for each table."""
