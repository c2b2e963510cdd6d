"""Break-glass: a named person without an account here, for a while, for a ward or a patient, reviewed after."""
