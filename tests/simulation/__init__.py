"""A month's outage on many laptops, simulated, and held against what truly happened."""
