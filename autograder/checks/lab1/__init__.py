"""Lab 1: what the twelve exercises on patches, the Bernoulli likelihood and its evaluation must do."""
