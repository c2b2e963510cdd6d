"""The engine: lay a form out once, stamp it thousands of times, write tagged PDF."""
