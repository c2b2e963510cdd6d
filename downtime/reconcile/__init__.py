"""What happened on paper against what the recovered systems say, and what people decide about it."""
