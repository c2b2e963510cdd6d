"""What hospital data means: pure records and rules, with no file, database or screen."""
