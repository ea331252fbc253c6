import numpy as np

from autograder.judge.bank import alternative, mistake


@mistake("squares", hint="Twice")
def square(x):
    return np.asarray(x, dtype=float) ** 2


@mistake("changes its input", hint="copy")
def in_place(x):
    x *= 2.0
    return x


@alternative
def add(x):
    return np.asarray(x, dtype=float) + np.asarray(x, dtype=float)
