"""What goes wrong, and what else is right, in `nll`."""

import numpy as np
from scipy import special

from autograder.judge.bank import alternative, mistake
from solutions.likelihood import sigmoid


def data_term(w, X, y):
    a = np.asarray(X, float) @ np.asarray(w, float)
    return np.logaddexp(0.0, a) - np.asarray(y) * a


def ridge(w, lam):
    return 0.5 * lam * np.sum(np.square(w))


@mistake("takes the mean instead of the sum", hint="not the mean")
def mean(w, X, y, lam=0.0):
    return float(np.mean(data_term(w, X, y)) + ridge(w, lam))


@mistake("returns the log likelihood without the minus", hint="minus the log probability")
def positive_log_likelihood(w, X, y, lam=0.0):
    return float(-np.sum(data_term(w, X, y)) + ridge(w, lam))


@mistake("forgets the factor one half of the ridge", hint="half of lam")
def no_half(w, X, y, lam=0.0):
    return float(np.sum(data_term(w, X, y)) + 2 * ridge(w, lam))


@mistake("forgets the ridge", hint="ridge term")
def no_ridge(w, X, y, lam=0.0):
    return float(np.sum(data_term(w, X, y)))


@mistake("subtracts the ridge", hint="ridge term")
def ridge_subtracted(w, X, y, lam=0.0):
    return float(np.sum(data_term(w, X, y)) - ridge(w, lam))


@mistake("adds the ridge once per patch", hint="added once")
def ridge_per_patch(w, X, y, lam=0.0):
    return float(np.sum(data_term(w, X, y) + ridge(w, lam)))


@mistake("does not square the norm of the weights", hint="squared norm")
def norm_not_squared(w, X, y, lam=0.0):
    return float(np.sum(data_term(w, X, y)) + 0.5 * lam * np.linalg.norm(w))


@mistake("takes the sum of |w| as the penalty", hint="squared norm")
def lasso(w, X, y, lam=0.0):
    return float(np.sum(data_term(w, X, y)) + 0.5 * lam * np.sum(np.abs(w)))


@mistake("spares the first weight from the ridge", hint="over all weights")
def spares_an_intercept(w, X, y, lam=0.0):
    return float(np.sum(data_term(w, X, y)) + ridge(w[1:], lam))


@mistake("divides data and ridge by the number of patches", hint="not the mean")
def everything_averaged(w, X, y, lam=0.0):
    return float((np.sum(data_term(w, X, y)) + ridge(w, lam)) / len(y))


@mistake("takes the logarithm of a probability that rounds to 0 or 1", hint="never form the probability")
def by_probabilities(w, X, y, lam=0.0):
    p = sigmoid(X @ w)
    return float(-np.sum(y * np.log(p) + (1 - y) * np.log(1 - p)) + ridge(w, lam))


@mistake("adds a small number to the probabilities", hint="never form the probability")
def with_epsilon(w, X, y, lam=0.0):
    p = special.expit(X @ w)
    return float(-np.sum(y * np.log(p + 1e-15) + (1 - y) * np.log(1 - p + 1e-15)) + ridge(w, lam))


@mistake("overflows in log(1 + exp(a))", hint="your softplus")
def naive_softplus(w, X, y, lam=0.0):
    a = X @ w
    return float(np.sum(np.log(1 + np.exp(a)) - y * a) + ridge(w, lam))


@mistake("swaps the labels", hint="log probability of each label")
def labels_swapped(w, X, y, lam=0.0):
    return float(np.sum(data_term(w, X, 1 - np.asarray(y))) + ridge(w, lam))


@mistake("forgets the term y a", hint="softplus(a) - y a")
def no_label_term(w, X, y, lam=0.0):
    return float(np.sum(np.logaddexp(0.0, X @ w)) + ridge(w, lam))


@mistake("takes the labels to be -1 and 1", hint="log probability of each label")
def signs_as_labels(w, X, y, lam=0.0):
    return float(np.sum(np.logaddexp(0.0, -y * (X @ w))) + ridge(w, lam))


@mistake("counts the positive patches only", hint="log probability of each label")
def positives_only(w, X, y, lam=0.0):
    return float(np.sum(data_term(w, X, y)[np.asarray(y) == 1]) + ridge(w, lam))


@mistake("returns one term per patch", hint="a single number")
def not_summed(w, X, y, lam=0.0):
    return data_term(w, X, y) + ridge(w, lam)


@mistake("returns an array of one entry", hint="a single number")
def array_of_one(w, X, y, lam=0.0):
    return np.sum(data_term(w, X, y), keepdims=True) + ridge(w, lam)


@mistake("takes logarithms to base 2", hint="minus the log probability")
def bits(w, X, y, lam=0.0):
    return float(np.sum(data_term(w, X, y)) / np.log(2.0) + ridge(w, lam))


@mistake("broadcasts a column of labels against a row of activations", hint="sum over patches")
def outer_labels(w, X, y, lam=0.0):
    a = X @ w
    return float(np.sum(np.logaddexp(0.0, a) - np.asarray(y)[:, None] * a) + ridge(w, lam))


@mistake("standardises the patches in place", hint="Work on a copy")
def changes_the_patches(w, X, y, lam=0.0):
    value = float(np.sum(data_term(w, X, y)) + ridge(w, lam))
    X -= X.mean(axis=0)
    return value


@alternative
def by_softplus(w, X, y, lam=0.0):
    a = X @ w
    return np.sum(np.logaddexp(0, a)) - y @ a + lam / 2 * w @ w


@alternative
def by_loop(w, X, y, lam=0.0):
    total = lam * sum(weight**2 for weight in w) / 2
    for x, label in zip(X, y, strict=True):
        a = float(np.dot(w, x))
        total += np.logaddexp(0.0, -a if label == 1 else a)
    return total


@alternative
def by_log_expit(w, X, y, lam=0.0):
    a = np.where(np.asarray(y) == 1, 1.0, -1.0) * (X @ w)
    return -special.log_expit(a).sum() + 0.5 * lam * np.linalg.norm(w) ** 2


@alternative
def in_torch(w, X, y, lam=0.0):
    import torch

    w, X, y = (torch.as_tensor(v, dtype=torch.float64) for v in (w, X, y))
    loss = torch.nn.functional.binary_cross_entropy_with_logits(X @ w, y, reduction="sum")
    return loss + 0.5 * lam * (w**2).sum()


@alternative
def by_the_logistic_distribution(w, X, y, lam=0.0):
    from scipy import stats

    a = X @ w
    return float(-stats.logistic.logcdf(np.where(y == 1, a, -a)).sum() + 0.5 * lam * (w**2).sum())
