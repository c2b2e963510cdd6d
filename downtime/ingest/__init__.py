"""What hospital systems send is received, kept in a ledger, and can be read again."""
