"""What goes wrong, and what else is right, in `predict_proba`."""

import numpy as np
from scipy import special

from autograder.judge.bank import alternative, mistake


@mistake("returns the score instead of the probability", hint="not the score")
def score(w, X):
    return X @ w


@mistake("returns the label", hint="not the label")
def label(w, X):
    return (X @ w > 0).astype(float)


@mistake("returns the probability of a negative", hint="probability of a negative")
def negative(w, X):
    return special.expit(-(X @ w))


@mistake("returns both probabilities", hint="shape (N,)")
def both(w, X):
    p = special.expit(X @ w)
    return np.column_stack([1 - p, p])


@mistake("returns a column", hint="shape (N,)")
def column(w, X):
    return special.expit(X @ w)[:, None]


@mistake("returns a number for a single patch", hint="shape (N,)")
def squeezed(w, X):
    return np.squeeze(special.expit(X @ w))


@mistake("overflows", hint="stable")
def naive(w, X):
    e = np.exp(X @ w)
    return e / (1 + e)


@mistake("clips the probabilities", hint="stable")
def clipped(w, X):
    return np.clip(special.expit(X @ w), 1e-9, 1 - 1e-9)


@mistake("normalises over the patches, as a softmax does", hint="sigmoid(Xw)")
def softmax(w, X):
    return special.softmax(X @ w)


@mistake("forgets the weights", hint="sigmoid(Xw)")
def no_weights(w, X):
    return special.expit(X.sum(axis=1))


@mistake("multiplies from the wrong side", hint="raised ValueError")
def wrong_side(w, X):
    return special.expit(X.T @ w)


@mistake("scales w to length one", hint="sigmoid(Xw)")
def unit_weights(w, X):
    return special.expit(X @ w / np.linalg.norm(w))


@mistake("takes the exponential of the log likelihood of a positive", hint="sigmoid(Xw)")
def exponential(w, X):
    return np.exp(np.minimum(X @ w, 0))


@mistake("scales the weights in place", hint="Work on a copy")
def in_place(w, X):
    p = special.expit(X @ w)
    w *= 2.0
    return p


@alternative
def by_loop(w, X):
    return [float(special.expit(np.dot(w, x))) for x in X]


@alternative
def by_logs(w, X):
    return np.exp(-np.logaddexp(0, -np.dot(X, w)))


@alternative
def by_einsum(w, X):
    return special.expit(np.einsum("nd,d->n", X, w))


@alternative
def in_torch(w, X):
    import torch

    return torch.sigmoid(torch.as_tensor(X, dtype=torch.float64) @ torch.as_tensor(w, dtype=torch.float64))
