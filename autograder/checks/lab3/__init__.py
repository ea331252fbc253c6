"""Lab 3: each exercise against automatic differentiation, scipy's optimisers, certificates, or a theorem."""
