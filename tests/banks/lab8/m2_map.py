"""What goes wrong, and what else is right, in `m2_map`: mostly in what the bones contribute."""

import numpy as np

from autograder.judge.bank import alternative, mistake
from solutions.bonewalk import as_problem, as_stiffness, climb, complete, first_guess
from solutions.gimbal import edge_log_density, log_normalizer, mean_resultant


def searched(P, Y, parents, params, bones, tol=1e-5, max_iter=300, prepare=lambda params: params):
    P, Y, parents, params = as_problem(P, Y, parents, params)
    params = prepare(params)
    start, by_size = first_guess(P, Y, parents, params["rho"], 3.0 * np.sqrt(params["omega2_in"]))
    start = complete(start, P, Y, parents, np.append(0.0, params["rho"][1:])[:, None] * [0.0, 0.0, 1.0])
    made = lambda X, heading, params: (*bones(X, parents, params["rho"], params["sigma2"]), heading)  # noqa: E731
    return climb(P, Y, parents, params, start, np.zeros(0), made, tol, max_iter, coarse=by_size)[0]


def right(X, parents, rho, sigma2):
    d = X[:, 1:] - X[:, parents[1:]]
    value, gradient, hessian = edge_log_density(d, np.zeros(3), rho[1:], sigma2[1:])
    return value.sum(), gradient, as_stiffness(hessian, d, 1e-3 / sigma2[1:])


@mistake("leaves the bones out", hint="of all log densities")
def no_bones(P, Y, parents, params, tol=1e-5, max_iter=300):
    def bones(X, parents, rho, sigma2):
        return 0.0, np.zeros((len(X), len(parents) - 1, 3)), np.zeros((len(X), len(parents) - 1, 3, 3))

    return searched(P, Y, parents, params, bones)


@mistake("counts the bones twice", hint="the gradient and the stiffness")
def twice(P, Y, parents, params, tol=1e-5, max_iter=300):
    return searched(P, Y, parents, params, lambda *arguments: tuple(2 * part for part in right(*arguments)))


@mistake("turns the gradient around", hint="child minus parent")
def gradient_reversed(P, Y, parents, params, tol=1e-5, max_iter=300):
    def bones(*arguments):
        value, gradient, stiffness = right(*arguments)
        return value, -gradient, stiffness

    return searched(P, Y, parents, params, bones)


@mistake("takes every keypoint for a child of the root", hint="d is child minus parent")
def of_the_root(P, Y, parents, params, tol=1e-5, max_iter=300):
    def bones(X, parents, rho, sigma2):
        return right(X, np.zeros(len(parents), dtype=int), rho, sigma2)

    return searched(P, Y, parents, params, bones)


@mistake("takes the keypoint before for the parent", hint="d is child minus parent")
def chained(P, Y, parents, params, tol=1e-5, max_iter=300):
    def bones(X, parents, rho, sigma2):
        return right(X, np.maximum(np.arange(len(parents)) - 1, 0), rho, sigma2)

    return searched(P, Y, parents, params, bones)


@mistake("takes the lengths and variances of the next bone", hint="each edge")
def shifted(P, Y, parents, params, tol=1e-5, max_iter=300):
    def bones(X, parents, rho, sigma2):
        return right(X, parents, np.roll(rho[1:], 1)[np.r_[0, 0 : len(rho) - 1]], sigma2)

    return searched(P, Y, parents, params, bones)


@mistake("thinks that every bone points up", hint="nothing is known of directions")
def upright(P, Y, parents, params, tol=1e-5, max_iter=300):
    def bones(X, parents, rho, sigma2):
        d = X[:, 1:] - X[:, parents[1:]]
        m = np.array([0.0, 0.0, 5.0])
        value, gradient, hessian = edge_log_density(d, m, rho[1:], sigma2[1:])
        return value.sum(), gradient, as_stiffness(hessian, m + d * (rho / sigma2)[1:, None], 1e-3 / sigma2[1:])

    return searched(P, Y, parents, params, bones)


@mistake("takes sigma2 for a standard deviation", hint="of all log densities")
def squared(P, Y, parents, params, tol=1e-5, max_iter=300):
    return searched(P, Y, parents, params, lambda X, parents, rho, sigma2: right(X, parents, rho, sigma2**2))


@mistake("stops after two iterations", hint="gradient")
def two_iterations(P, Y, parents, params, tol=1e-5, max_iter=300):
    return searched(P, Y, parents, params, right, max_iter=2)


@alternative
def as_expected_springs(P, Y, parents, params, tol=1e-5, max_iter=300):
    """Expectation maximisation over the directions too: each bone a spring to where its direction is expected."""

    def bones(X, parents, rho, sigma2):
        d = X[:, 1:] - X[:, parents[1:]]
        rho, sigma2 = rho[1:, None], sigma2[1:, None]
        r = np.maximum(np.linalg.norm(d, axis=-1, keepdims=True), 1e-9)
        kappa = rho * r / sigma2
        value = log_normalizer(kappa) - 0.5 * r**2 / sigma2
        gradient = (rho * mean_resultant(kappa) * d / r - d) / sigma2
        return value.sum(), gradient, np.broadcast_to(np.eye(3) / sigma2[..., None], (*d.shape, 3))

    return searched(P, Y, parents, params, bones, tol=1e-6, max_iter=3000)


@alternative
def bone_by_bone(P, Y, parents, params, tol=1e-5, max_iter=300):
    def bones(X, parents, rho, sigma2):
        total, gradients, stiffnesses = 0.0, [], []
        for k in range(1, len(parents)):
            d = X[:, k] - X[:, parents[k]]
            value, gradient, hessian = edge_log_density(d, np.zeros((len(X), 3)), rho[k], sigma2[k])
            total += np.sum(value)
            gradients.append(gradient)
            stiffnesses.append(as_stiffness(hessian, d, 1e-4 / sigma2[k]))
        return total, np.stack(gradients, axis=1), np.stack(stiffnesses, axis=1)

    return searched(P, Y, parents, params, bones)
