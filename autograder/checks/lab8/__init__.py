"""Checks of Lab 8: each exercise against quadrature on the sphere, grids, enumeration, autograd, simulation, or a theorem."""
