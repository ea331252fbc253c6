"""Source notebooks to what people open."""
