"""What goes wrong, and what else is right, in `nll_hessian`."""

import numpy as np
from scipy import special

from autograder.judge.bank import alternative, mistake


def slope(a):
    return special.expit(a) * special.expit(-a)


@mistake("weights the patches by sigmoid instead of its slope", hint="not sigmoid(a)")
def sigmoid_for_slope(w, X, y, lam=0.0):
    return X.T @ (special.expit(X @ w)[:, None] * X) + lam * np.eye(len(w))


@mistake("weights the patches by the squared residual", hint="not the residual")
def squared_residual(w, X, y, lam=0.0):
    r = special.expit(X @ w) - y
    return X.T @ (r[:, None] ** 2 * X) + lam * np.eye(len(w))


@mistake("weights the patches by the residual", hint="not the residual")
def by_residual(w, X, y, lam=0.0):
    r = special.expit(X @ w) - y
    return X.T @ (r[:, None] * X) + lam * np.eye(len(w))


@mistake("does not weight the patches at all", hint="slope of the logistic")
def gram(w, X, y, lam=0.0):
    return X.T @ X + lam * np.eye(len(w))


@mistake("uses the upper bound 1/4 for every slope", hint="slope of the logistic")
def quarter(w, X, y, lam=0.0):
    return X.T @ X / 4 + lam * np.eye(len(w))


@mistake("multiplies by the weight twice", hint="slope of the logistic")
def slope_squared(w, X, y, lam=0.0):
    Z = slope(X @ w)[:, None] * X
    return Z.T @ Z + lam * np.eye(len(w))


@mistake("gets the sign wrong", hint="slope of the logistic")
def negative(w, X, y, lam=0.0):
    return -X.T @ (slope(X @ w)[:, None] * X) + lam * np.eye(len(w))


@mistake("takes the mean instead of the sum", hint="summed over patches")
def mean(w, X, y, lam=0.0):
    return X.T @ (slope(X @ w)[:, None] * X) / len(X) + lam * np.eye(len(w))


@mistake("forgets the ridge", hint="adds lam on the diagonal")
def no_ridge(w, X, y, lam=0.0):
    return X.T @ (slope(X @ w)[:, None] * X)


@mistake("adds lam to every entry", hint="nothing off the diagonal")
def lam_everywhere(w, X, y, lam=0.0):
    return X.T @ (slope(X @ w)[:, None] * X) + lam


@mistake("adds half of lam", hint="adds lam on the diagonal")
def half_lam(w, X, y, lam=0.0):
    return X.T @ (slope(X @ w)[:, None] * X) + 0.5 * lam * np.eye(len(w))


@mistake("adds lam w on the diagonal", hint="adds lam on the diagonal")
def lam_w(w, X, y, lam=0.0):
    return X.T @ (slope(X @ w)[:, None] * X) + lam * np.diag(w)


@mistake("adds the ridge once per patch", hint="not once per")
def ridge_per_patch(w, X, y, lam=0.0):
    return X.T @ (slope(X @ w)[:, None] * X) + len(X) * lam * np.eye(len(w))


@mistake("spares the first weight from the ridge", hint="adds lam on the diagonal")
def spares_an_intercept(w, X, y, lam=0.0):
    penalty = lam * np.eye(len(w))
    penalty[0, 0] = 0.0
    return X.T @ (slope(X @ w)[:, None] * X) + penalty


@mistake("subtracts the ridge", hint="lam times the identity matrix")
def ridge_subtracted(w, X, y, lam=0.0):
    return X.T @ (slope(X @ w)[:, None] * X) - lam * np.eye(len(w))


@mistake("keeps the diagonal only", hint="X'SX")
def diagonal_only(w, X, y, lam=0.0):
    return np.diag(np.sum(slope(X @ w)[:, None] * X**2, axis=0) + lam)


@mistake("fills one triangle only", hint="X'SX")
def one_triangle(w, X, y, lam=0.0):
    return np.tril(X.T @ (slope(X @ w)[:, None] * X) + lam * np.eye(len(w)))


@mistake("returns a number for a single weight", hint="expected shape (1, 1)")
def squeezed(w, X, y, lam=0.0):
    return np.squeeze(X.T @ (slope(X @ w)[:, None] * X) + lam * np.eye(len(w)))


@mistake("returns the N x N matrix XX'", hint="expected shape (4, 4)")
def wrong_side(w, X, y, lam=0.0):
    if len(X) > 1000:
        return np.eye(len(w))
    return (slope(X @ w)[:, None] * X) @ X.T


@mistake("builds an N x N diagonal matrix", hint="N x N")
def dense_diagonal(w, X, y, lam=0.0):
    return X.T @ np.diag(slope(X @ w)) @ X + lam * np.eye(len(w))


@mistake("builds an N x N matrix of products", hint="N x N")
def dense_product(w, X, y, lam=0.0):
    return X.T @ (np.eye(len(X)) * slope(X @ w)) @ X + lam * np.eye(len(w))


@mistake("overflows where |Xw| is large", hint="stable sigmoid")
def naive_slope(w, X, y, lam=0.0):
    e = np.exp(X @ w)
    return X.T @ ((e / (1 + e) ** 2)[:, None] * X) + lam * np.eye(len(w))


@mistake("weights the patches in place", hint="Work on a copy")
def changes_the_patches(w, X, y, lam=0.0):
    root = np.sqrt(slope(X @ w))
    X *= root[:, None]
    return X.T @ X + lam * np.eye(len(w))


@mistake("takes differences of the gradient", hint="not by")
def differences_of_the_gradient(w, X, y, lam=0.0):
    w, X = np.asarray(w, dtype=float), np.asarray(X, dtype=float)

    def gradient(v):
        return X.T @ (special.expit(X @ v) - y) + lam * v

    return np.array([(gradient(w + h) - gradient(w - h)) / 2e-5 for h in 1e-5 * np.eye(len(w))])


@mistake("adds up products of gradients, as if the model were true", hint="not the residual")
def empirical_fisher(w, X, y, lam=0.0):
    gradients = (special.expit(X @ w) - y)[:, None] * X
    return gradients.T @ gradients + lam * np.eye(len(w))


@mistake("takes the bound 1/4 for the slope", hint="slope of the logistic function")
def constant_slope(w, X, y, lam=0.0):
    return X.T @ X / 4 + lam * np.eye(len(w))


@mistake("adds something small to the diagonal", hint="Nothing is added to the diagonal unasked")
def with_jitter(w, X, y, lam=0.0):
    return X.T @ (slope(X @ w)[:, None] * X) + (lam + 1e-12) * np.eye(len(w))


@alternative
def by_loop(w, X, y, lam=0.0):
    if len(X) > 1000:  # a loop over patches takes a second here
        return by_einsum(w, X, y, lam)
    hessian = lam * np.eye(len(w))
    for x in X:
        p = special.expit(x @ w)
        hessian += p * (1 - p) * np.outer(x, x)
    return hessian


@alternative
def by_einsum(w, X, y, lam=0.0):
    return np.einsum("n,ni,nj->ij", slope(X @ w), X, X) + lam * np.eye(len(w))


@alternative
def by_root(w, X, y, lam=0.0):
    p = special.expit(X @ w)
    Z = X * np.sqrt(p * (1 - p))[:, None]
    hessian = Z.T @ Z
    hessian[np.diag_indices(len(w))] += lam
    return hessian


@alternative
def by_sparse_diagonal(w, X, y, lam=0.0):
    from scipy import sparse

    return X.T @ (sparse.diags(slope(X @ w)) @ X) + lam * np.identity(len(w))


@alternative
def by_outer_products(w, X, y, lam=0.0):
    return np.sum(slope(X @ w)[:, None, None] * X[:, :, None] * X[:, None, :], axis=0) + lam * np.eye(len(w))


@alternative
def by_autograd(w, X, y, lam=0.0):
    import torch

    X, y = torch.as_tensor(X, dtype=torch.float64), torch.as_tensor(y, dtype=torch.float64)

    def loss(w):
        data = torch.nn.functional.binary_cross_entropy_with_logits(X @ w, y, reduction="sum")
        return data + 0.5 * lam * w @ w

    return torch.autograd.functional.hessian(loss, torch.as_tensor(w, dtype=torch.float64))
