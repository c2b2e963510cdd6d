"""All SQL on the tables of sync, a module for each subject."""
