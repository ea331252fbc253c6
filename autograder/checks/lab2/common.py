"""Oracles and inputs that several checks of Lab 2 share."""

import numpy as np
from numpy.testing import assert_allclose
from scipy.special import expit


def patches(rng, num_examples, num_pixels):
    """Random patches and labels; the activations of weights of order one stay moderate."""
    X = rng.normal(size=(num_examples, num_pixels)) / np.sqrt(num_pixels)
    return X, (rng.uniform(size=num_examples) < 0.5).astype(float)


def logistic_gradient(X, y, lam=0.0):
    """The gradient of the negative log likelihood as a function of w."""
    return lambda w: X.T @ (expit(X @ w) - y) + lam * w


def torch_gradient(w, X, y, lam):
    """The same gradient by torch's automatic differentiation."""
    import torch

    w = torch.tensor(np.asarray(w, dtype=float), requires_grad=True)
    logits = torch.from_numpy(X) @ w
    loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, torch.from_numpy(y), reduction="sum")
    (loss + 0.5 * lam * w @ w).backward()
    return w.grad.numpy()


def torch_path(optimizer, X, y, w0, num_steps, **options):
    """Weights (T + 1, D) along one of torch's optimisers in float64, by automatic differentiation."""
    import torch

    X, y, w = torch.from_numpy(X), torch.from_numpy(y), torch.tensor(w0, requires_grad=True)
    stepper = getattr(torch.optim, optimizer)([w], **options)
    path = [w0]
    for _ in range(num_steps):
        stepper.zero_grad()
        torch.nn.functional.binary_cross_entropy_with_logits(X @ w, y, reduction="sum").backward()
        stepper.step()
        path.append(w.detach().numpy().copy())
    return np.array(path)


def assert_starts_afresh(optimise, rng):
    """No steps give the start alone; a second call in the same session repeats the first."""
    X, y = patches(rng, 30, 4)
    w0 = rng.normal(size=4)
    assert_allclose(optimise(logistic_gradient(X, y), w0, 0.1, 0), w0[None], rtol=1e-15)
    first, second = (optimise(logistic_gradient(X, y), w0, 0.1, 5) for _ in range(2))
    assert_allclose(first[0], w0, rtol=1e-15)
    assert np.shape(first) == (6, 4), f"5 steps from 4 weights gave a path of shape {np.shape(first)}, expected (6, 4)"
    assert_allclose(second, first, rtol=1e-12)


def slope(t, z):
    """Slope of the least-squares line through the points (t, z), by its normal equation."""
    return np.sum((t - np.mean(t)) * z) / np.sum((t - np.mean(t)) ** 2)
