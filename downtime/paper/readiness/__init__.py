"""Whether this machine could carry its wards through an outage now: looked at each shift, and proved."""
