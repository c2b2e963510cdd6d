"""One thing on two forms: which forms say the same, which of them is returned, who decides."""
