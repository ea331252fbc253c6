"""Our optimisers against those of scikit-learn, scipy and statsmodels, on patches of the rat.

    python -m tests.bench.optimise [--sizes 500 1000 ...] [--repeats 3] [--json FILE]

Everything runs in one process with one BLAS thread, on the same 32 x 32 patches (D = 1024 standardised pixels) with the
same ridge, and is stopped at the same accuracy: |gradient of the sum| <= 1e-6 N in the Euclidean norm. Where a peer has
another criterion it gets the loosest setting, in half powers of ten, that reaches this (found before, not counted). Times
are CPU seconds, the best of the repeats. Needs the extra "bench".
"""

import argparse
import json
import time
import warnings
from pathlib import Path

import numpy as np
import scipy.optimize
from scipy.linalg import cho_factor
from scipy.linalg.blas import dsyrk
from scipy.special import expit
from threadpoolctl import threadpool_limits

from posekit.data import load_side
from solutions.curvature import newton, preconditioned_lbfgs
from solutions.descent import standardize
from solutions.likelihood import extract_patches, nll_hessian

SIDE, LAM, ACCURACY = 32, 1.0, 1e-6
SIZES = (500, 1000, 2000, 5000, 10000, 20000)
TOLERANCES = 10.0 ** -np.arange(1.0, 14.5, 0.5)
PATIENCE = 10.0  # a peer that needs more CPU seconds than this is left out at larger sizes


def patches(num_examples, seed=0):
    """Standardised patches (N, 1024) of training frames and labels (N,): a third of the centres close to the right hand."""
    rng = np.random.default_rng(seed)
    rats = load_side("train")
    hand = rats.names.index("hand_R")
    X, y = [], []
    each = -(-num_examples // len(rats.images))
    for image, point in zip(rats.images, rats.keypoints[:, hand], strict=True):
        near = rng.uniform(size=each) < 1 / 3
        anywhere = rng.uniform((0, 0), (image.shape[1] - 1, image.shape[0] - 1), size=(each, 2))
        centers = np.rint(np.where(near[:, None], point + rng.uniform(-3, 3, size=(each, 2)), anywhere)).astype(int)
        X.append(extract_patches(image, centers, (SIDE, SIDE)))
        y.append(np.linalg.norm(centers - point, axis=1) <= 4.0)
    X, y = np.vstack(X), np.concatenate(y).astype(float)
    chosen = rng.permutation(len(y))[:num_examples]
    return np.ascontiguousarray(standardize(X[chosen])[0]), y[chosen]


def value(w, X, y):
    a = X @ w
    return np.sum(np.logaddexp(0.0, a) - y * a) + 0.5 * LAM * (w @ w)


def gradient(w, X, y):
    return X.T @ (expit(X @ w) - y) + LAM * w


def hessian(w, X, y):
    p = expit(X @ w)
    return (X.T * (p * (1.0 - p))) @ X + LAM * np.eye(len(w))


def hessian_product(w, v, X, y):
    p = expit(X @ w)
    return X.T @ (p * (1.0 - p) * (X @ v)) + LAM * v


def scikit_learn(solver):
    """Its estimator; `tol` is on the largest entry of the gradient of its own, averaged objective."""
    from sklearn.linear_model import LogisticRegression

    def run(X, y, tol):
        model = LogisticRegression(solver=solver, C=1.0 / LAM, fit_intercept=False, tol=tol, max_iter=10_000)
        return model.fit(X, y).coef_[0]

    return run


def scipy_minimize(method, **second):
    """Its general optimiser on our objective divided by N, so that `tol` means the same for every N."""
    limits = {"L-BFGS-B": {"ftol": 0.0, "maxfun": 10**6}}.get(method, {})

    def run(X, y, tol):
        N = len(y)
        options = {"xtol" if method == "Newton-CG" else "gtol": tol, "maxiter": 10**5, **limits}
        scaled = {name: lambda w, *rest, f=f: f(w, *rest, X, y) / N for name, f in second.items()}
        return scipy.optimize.minimize(
            lambda w: value(w, X, y) / N,
            np.zeros(X.shape[1]),
            method=method,
            jac=lambda w: gradient(w, X, y) / N,
            options=options,
            **scaled,
        ).x

    return run


def statsmodels_newton(X, y, tol):
    """Newton-Raphson of statsmodels' Logit with the ridge added to its likelihood; `tol` is on the change of the weights."""
    from statsmodels.base.model import LikelihoodModel
    from statsmodels.discrete.discrete_model import Logit

    class RidgeLogit(Logit):
        def loglike(self, params):
            return super().loglike(params) - 0.5 * LAM * (params @ params)

        def score(self, params):
            return super().score(params) - LAM * params

        def hessian(self, params):
            return super().hessian(params) - LAM * np.eye(len(params))

    model = RidgeLogit(y, X, check_rank=False)
    start = np.zeros(X.shape[1])
    fitted = LikelihoodModel.fit(
        model,
        start,
        method="newton",
        tol=tol,
        maxiter=50,
        disp=0,
        full_output=0,
        skip_hessian=True,
        warn_convergence=False,
    )
    return fitted.params


def ours(function):
    def run(X, y, tol):
        return function(np.zeros(X.shape[1]), X, y, LAM, tol=tol * len(y))[0]

    return run


OURS = {"our Newton": ours(newton), "our preconditioned L-BFGS": ours(preconditioned_lbfgs)}


def peers():
    return {
        "scikit-learn newton-cholesky": scikit_learn("newton-cholesky"),
        "scikit-learn lbfgs": scikit_learn("lbfgs"),
        "scikit-learn newton-cg": scikit_learn("newton-cg"),
        "scipy L-BFGS-B": scipy_minimize("L-BFGS-B"),
        "scipy Newton-CG": scipy_minimize("Newton-CG", hessp=hessian_product),
        "scipy trust-exact": scipy_minimize("trust-exact", hess=hessian),
        "scipy BFGS": scipy_minimize("BFGS"),
        "statsmodels Newton": statsmodels_newton,
    }


def accuracy(w, X, y):
    """|gradient| / N."""
    return np.linalg.norm(gradient(w, X, y)) / len(y)


def seconds(run, *arguments):
    start = time.process_time()
    found = run(*arguments)
    return time.process_time() - start, found


def time_peer(run, X, y, repeats):
    """(CPU seconds, |gradient| / N) at the loosest tolerance that is accurate enough; NaN where none is."""
    for tol in TOLERANCES:
        taken, w = seconds(run, X, y, tol)
        if accuracy(w, X, y) <= ACCURACY:
            further = [seconds(run, X, y, tol)[0] for _ in range(repeats - 1 if taken < PATIENCE else 0)]
            return min([taken, *further]), accuracy(w, X, y)
    return float("nan"), float("nan")


def time_ours(run, X, y, repeats):
    times, weights = zip(*(seconds(run, X, y, ACCURACY) for _ in range(repeats)), strict=True)
    return min(times), accuracy(weights[-1], X, y)


def hessian_builds(X, y, repeats):
    """CPU seconds of dsyrk on an N x D matrix (what BLAS can do), of building a Hessian in two ways, and of a Cholesky."""
    w = np.zeros(X.shape[1])

    def half(X):
        p = expit(X @ w)
        Z = np.sqrt(p * (1.0 - p))[:, None] * X
        return Z.T @ Z

    H = half(X) + LAM * np.eye(len(w))
    best = {}
    for name, run in {
        "dsyrk": lambda: dsyrk(1.0, X.T, lower=1),
        "as in our Newton": lambda: half(X),
        "nll_hessian of Lab 1": lambda: nll_hessian(w, X, y, LAM),
        "Cholesky": lambda: cho_factor(H, lower=True),
    }.items():
        best[name] = min(seconds(run)[0] for _ in range(repeats))
    return best


def ratio(numerator, denominator):
    return numerator / denominator if denominator > 0 else float("nan")


def compare(sizes, repeats):
    """Time everybody at every size, print a line for each, and return what was measured."""
    everybody, results = peers(), {}
    for N in sizes:
        X, y = patches(N)
        times = {}
        for name, run in OURS.items():
            times[name], reached = time_ours(run, X, y, repeats)
            print(f"N = {N:6}  {name:30} {times[name]:8.3f} s   |gradient|/N {reached:.1e}", flush=True)
        for name, run in list(everybody.items()):
            times[name], reached = time_peer(run, X, y, repeats)
            print(f"N = {N:6}  {name:30} {times[name]:8.3f} s   |gradient|/N {reached:.1e}", flush=True)
            if not times[name] < PATIENCE:
                why = (
                    f"needs more than {PATIENCE:.0f} s" if times[name] > 0 else "reached the accuracy with no tolerance"
                )
                print(f"N = {N:6}  {name} is left out from here on: {why}")
                del everybody[name]
        theirs = {name: t for name, t in times.items() if name not in OURS and t == t}
        best = min(theirs, key=theirs.get)
        newton_ratio = ratio(times["our Newton"], times["scikit-learn newton-cholesky"])
        best_ratio = ratio(times["our preconditioned L-BFGS"], theirs[best])
        builds = hessian_builds(X, y, repeats)
        results[N] = {"seconds": times, "newton": newton_ratio, "preconditioned": best_ratio, "best peer": best}
        results[N]["builds"] = builds
        winner = min(times, key=times.get)
        print(f"N = {N:6}  our Newton / newton-cholesky = {newton_ratio:.2f};", end=" ")
        print(f"our preconditioned L-BFGS / best peer ({best}) = {best_ratio:.2f}; fastest of all: {winner}")
        limits = ", ".join(f"{name} {ratio(t, builds['dsyrk']):.2f}" for name, t in builds.items() if name != "dsyrk")
        print(f"N = {N:6}  times that of dsyrk on the same matrix: {limits}", flush=True)
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    with threadpool_limits(1):
        results = compare(arguments.sizes, arguments.repeats)
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
