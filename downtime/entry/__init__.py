"""What people key from paper: typed answers, checked by the form's definition, and seen twice."""
