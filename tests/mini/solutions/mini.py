"""References of a lab that exists for the tests alone: a plain function, one that takes a function, a class, a sampler."""

import numpy as np
import torch
from torch import nn


def double(x):
    """Twice `x`, elementwise.

    Parameters
    ----------
    x : array_like, any shape

    Returns
    -------
    ndarray, the shape of `x`
    """
    ### BEGIN SOLUTION
    return 2.0 * np.asarray(x, dtype=float)
    ### END SOLUTION


def iterate(f, x, num_steps):
    """Apply `f` to `x` so many times.

    Parameters
    ----------
    f : function of an array (D,)
    x : ndarray (D,)
    num_steps : int

    Returns
    -------
    ndarray (num_steps + 1, D), `x` first
    """
    path = [np.array(x, dtype=float)]
    ### BEGIN SOLUTION
    for _ in range(num_steps):
        path.append(np.asarray(f(path[-1])))
    ### END SOLUTION
    return np.array(path)


class TinyNet(nn.Module):
    """Two linear layers, `first` and `second`, with a ReLU between them.

    Parameters
    ----------
    inputs, hidden : int
        Sizes; the output is of size 1.
    """

    ### BEGIN SOLUTION
    def __init__(self, inputs, hidden):
        super().__init__()
        self.first = nn.Linear(inputs, hidden)
        self.second = nn.Linear(hidden, 1)

    def forward(self, x):
        return self.second(torch.relu(self.first(x)))

    ### END SOLUTION


def draw_normal(mean, rng):
    """A sample of N(mean, I).

    Parameters
    ----------
    mean : ndarray (D,)
    rng : numpy.random.Generator

    Returns
    -------
    ndarray (D,)
    """
    ### BEGIN SOLUTION
    return mean + rng.standard_normal(np.shape(mean))
    ### END SOLUTION
