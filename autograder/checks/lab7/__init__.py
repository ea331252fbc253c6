"""Lab 7: each exercise against homogeneous coordinates, autograd, scipy, dense matrices, or a theorem."""
