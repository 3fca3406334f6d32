"""Label enhancement: what people say, and what auxiliary models propose."""
