"""What goes wrong, and what else is right, in `nll_gradient`."""

import numpy as np
from scipy import special

from autograder.judge.bank import alternative, mistake
from solutions.likelihood import nll


def residual(w, X, y):
    return special.expit(X @ w) - y


def loss(w, X, y, lam):
    return np.sum(np.logaddexp(0.0, (1.0 - 2.0 * y) * (X @ w))) + 0.5 * lam * w @ w


@mistake("gets the sign of the data term wrong", hint="mind the sign")
def ascent(w, X, y, lam=0.0):
    return X.T @ -residual(w, X, y) + lam * w


@mistake("returns minus the gradient", hint="mind the sign")
def minus(w, X, y, lam=0.0):
    return -(X.T @ residual(w, X, y) + lam * w)


@mistake("takes the mean instead of the sum", hint="summed over patches")
def mean(w, X, y, lam=0.0):
    return X.T @ residual(w, X, y) / len(y) + lam * w


@mistake("forgets the ridge", hint="gradient lam w")
def no_ridge(w, X, y, lam=0.0):
    return X.T @ residual(w, X, y)


@mistake("doubles the ridge", hint="gradient lam w")
def ridge_twice(w, X, y, lam=0.0):
    return X.T @ residual(w, X, y) + 2 * lam * w


@mistake("halves the ridge", hint="gradient lam w")
def ridge_half(w, X, y, lam=0.0):
    return X.T @ residual(w, X, y) + 0.5 * lam * w


@mistake("subtracts the ridge", hint="gradient lam w")
def ridge_subtracted(w, X, y, lam=0.0):
    return X.T @ residual(w, X, y) - lam * w


@mistake("adds the value of the ridge term to every entry", hint="gradient lam w")
def ridge_value(w, X, y, lam=0.0):
    return X.T @ residual(w, X, y) + 0.5 * lam * (w @ w)


@mistake("adds lam instead of lam w", hint="gradient lam w")
def ridge_without_w(w, X, y, lam=0.0):
    return X.T @ residual(w, X, y) + lam


@mistake("adds the ridge once per patch", hint="added once")
def ridge_per_patch(w, X, y, lam=0.0):
    return X.T @ residual(w, X, y) + len(y) * lam * w


@mistake("spares the first weight from the ridge", hint="every entry")
def spares_an_intercept(w, X, y, lam=0.0):
    return X.T @ residual(w, X, y) + lam * np.append(0.0, w[1:])


@mistake("uses the activation instead of the probability", hint="prediction minus label")
def linear_regression(w, X, y, lam=0.0):
    return X.T @ (X @ w - y) + lam * w


@mistake("rounds the predictions to labels", hint="prediction minus label")
def perceptron(w, X, y, lam=0.0):
    return X.T @ ((X @ w > 0) - np.asarray(y, float)) + lam * w


@mistake("multiplies by the slope of the logistic function, as for a squared error", hint="prediction minus label")
def squared_error(w, X, y, lam=0.0):
    p = special.expit(X @ w)
    return X.T @ ((p - y) * p * (1 - p)) + lam * w


@mistake("forgets the labels", hint="prediction minus label")
def no_labels(w, X, y, lam=0.0):
    return X.T @ special.expit(X @ w) + lam * w


@mistake("does not sum over the patches", hint="one entry per weight")
def per_patch(w, X, y, lam=0.0):
    return X * residual(w, X, y)[:, None] + lam * w


@mistake("sums over the weights instead of the patches", hint="one entry per weight")
def wrong_axis(w, X, y, lam=0.0):
    return (X * residual(w, X, y)[:, None]).sum(axis=1)


@mistake("returns a column", hint="one entry per weight")
def column(w, X, y, lam=0.0):
    return (X.T @ residual(w, X, y) + lam * w)[:, None]


@mistake("drops the axis of a single weight", hint="one entry per weight")
def squeezed(w, X, y, lam=0.0):
    return np.squeeze(X.T @ residual(w, X, y) + lam * w)


@mistake("overflows where |Xw| is large", hint="stable sigmoid")
def naive_sigmoid(w, X, y, lam=0.0):
    e = np.exp(X @ w)
    return X.T @ (e / (1 + e) - y) + lam * w


@mistake("takes forward differences", hint="not by differences")
def finite_differences(w, X, y, lam=0.0):
    w, X = np.asarray(w, dtype=float), np.asarray(X, dtype=float)
    return np.array([(loss(w + h, X, y, lam) - loss(w, X, y, lam)) / 1e-6 for h in 1e-6 * np.eye(len(w))])


@mistake("takes a gradient step along the way", hint="Work on a copy")
def changes_w(w, X, y, lam=0.0):
    gradient = X.T @ residual(w, X, y) + lam * w
    w -= 0.1 * gradient
    return gradient


@mistake("takes central differences of the loss", hint="not by differences")
def central_differences(w, X, y, lam=0.0):
    w, X = np.asarray(w, dtype=float), np.asarray(X, dtype=float)
    steps = 1e-5 * np.eye(len(w))
    return np.array([(loss(w + h, X, y, lam) - loss(w - h, X, y, lam)) / 2e-5 for h in steps])


@mistake("takes central differences of the loss", hint="not by differences")
def central_differences_of_a_millionth(w, X, y, lam=0.0):
    return np.array([(nll(w + h, X, y, lam) - nll(w - h, X, y, lam)) / 2e-6 for h in 1e-6 * np.eye(len(w))])


@mistake("takes differences of the loss over four points", hint="not by differences")
def four_point_differences(w, X, y, lam=0.0):
    w, X = np.asarray(w, dtype=float), np.asarray(X, dtype=float)

    def difference(h):
        return loss(w + h, X, y, lam) - loss(w - h, X, y, lam)

    return np.array([(8.0 * difference(h) - difference(2.0 * h)) / 12e-3 for h in 1e-3 * np.eye(len(w))])


@mistake("computes in single precision", hint="single precision")
def single_precision(w, X, y, lam=0.0):
    return (X.T @ residual(w, X, y) + lam * w).astype(np.float32)


@mistake("spares the last weight from the ridge", hint="every entry")
def spares_the_last_weight(w, X, y, lam=0.0):
    return X.T @ residual(w, X, y) + lam * np.append(w[:-1], 0.0)


@mistake("adds a ridge of constant size, lam w / |w|", hint="gradient lam w")
def ridge_of_the_norm(w, X, y, lam=0.0):
    return X.T @ residual(w, X, y) + lam * w / np.linalg.norm(w)


@mistake("clips the activations", hint="without being cut off or clipped")
def clipped(w, X, y, lam=0.0):
    return X.T @ (special.expit(np.clip(X @ w, -30.0, 30.0)) - y) + lam * w


@mistake("drops small residuals", hint="without being cut off or clipped")
def small_residuals_dropped(w, X, y, lam=0.0):
    r = residual(w, X, y)
    return X.T @ np.where(np.abs(r) < 1e-8, 0.0, r) + lam * w


@alternative
def by_loop(w, X, y, lam=0.0):
    gradient = [lam * float(weight) for weight in w]
    for x, label in zip(X, y, strict=True):
        error = float(special.expit(np.dot(w, x))) - float(label)
        for d in range(len(w)):
            gradient[d] += error * float(x[d])
    return gradient


@alternative
def by_rows(w, X, y, lam=0.0):
    return ((special.expit(X @ w) - y)[:, None] * X).sum(axis=0) + lam * w


@alternative
def by_einsum(w, X, y, lam=0.0):
    return np.einsum("n,nd->d", residual(w, X, y), X) + lam * np.asarray(w)


@alternative
def by_autograd(w, X, y, lam=0.0):
    import torch

    w = torch.tensor(w, dtype=torch.float64, requires_grad=True)
    X, y = torch.as_tensor(X, dtype=torch.float64), torch.as_tensor(y, dtype=torch.float64)
    loss = torch.nn.functional.binary_cross_entropy_with_logits(X @ w, y, reduction="sum") + 0.5 * lam * w @ w
    loss.backward()
    return w.grad
