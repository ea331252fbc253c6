"""One exercise to points and words."""
