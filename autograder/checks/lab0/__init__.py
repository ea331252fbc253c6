"""Lab 0: the three functions of the warm-up."""
