"""Which system is down since when, whether it is a drill, and the numbers given out meanwhile."""
