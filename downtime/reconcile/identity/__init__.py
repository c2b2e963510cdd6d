"""Who a form is about: exact numbers, candidates with their signs, links that two people made."""
