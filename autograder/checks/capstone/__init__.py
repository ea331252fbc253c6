"""Checks of the capstone: recordings put together from known bouts, SciPy's rotations, and pairs counted one by one."""
