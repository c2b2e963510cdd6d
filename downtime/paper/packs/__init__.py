"""What is printed together for a ward, a patient, a list or the site, and what becomes of it."""
