"""All SQL of what forms say too, a module for each subject."""
