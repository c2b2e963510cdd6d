"""What the outage may have done to patients, and what clinicians say about it."""
