"""What staff say on the screen during an outage: one record that is only ever added to."""
