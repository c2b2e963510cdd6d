"""The SQL of the fleet, one module for each table."""
