from autograder.judge.bank import alternative, mistake

METHODS = ("gd", "newton", "newton_wide", "bfgs", "lbfgs")


def count(N, D, method, **changed):
    costs = {
        "gd": 2 * N * D,
        "newton": 2 * N * D + N * D**2 + D**3 // 3,
        "newton_wide": 4 * N * D + N**2 * D + N**3 // 3,
        "bfgs": 2 * N * D + 4 * D**2,
        "lbfgs": 2 * N * D + 40 * D,
    }
    costs.update(changed)
    if method not in costs:
        raise ValueError(f"unknown method {method}")
    return costs[method]


@mistake("counts one product for a gradient", hint="2ND in all")
def one_product(N, D, method):
    return count(N, D, method, gd=N * D)


@mistake("forgets the Cholesky factor", hint="D^3 / 3")
def no_factor(N, D, method):
    return count(N, D, method, newton=2 * N * D + N * D**2)


@mistake("forgets the building of the Hessian", hint="ND^2 for the Hessian")
def no_hessian(N, D, method):
    return count(N, D, method, newton=2 * N * D + D**3 // 3)


@mistake("multiplies by an N x N diagonal matrix", hint="ND^2 for the Hessian")
def dense_diagonal(N, D, method):
    return count(N, D, method, newton=2 * N * D + N**2 * D + N * D**2 + D**3 // 3)


@mistake("gives Woodbury's step the cost of the primal one", hint="N and D change places")
def wide_as_primal(N, D, method):
    return count(N, D, method, newton_wide=2 * N * D + N * D**2 + D**3 // 3)


@mistake("lets BFGS solve a system", hint="no D^3")
def bfgs_solves(N, D, method):
    return count(N, D, method, bfgs=2 * N * D + D**3 // 3)


@mistake("gives BFGS the cost of vectors only", hint="a few D^2")
def bfgs_linear(N, D, method):
    return count(N, D, method, bfgs=2 * N * D + 40 * D)


@mistake("gives L-BFGS a matrix", hint="10 pairs of vectors")
def lbfgs_matrix(N, D, method):
    return count(N, D, method, lbfgs=2 * N * D + 4 * D**2)


@mistake("forgets the pairs of L-BFGS", hint="about 4mD")
def lbfgs_free(N, D, method):
    return count(N, D, method, lbfgs=2 * N * D + D)


@mistake("forgets the gradient of the quasi-Newton methods", hint="Beside the gradient")
def no_gradient(N, D, method):
    return count(N, D, method, bfgs=4 * D**2, lbfgs=40 * D)


@mistake("returns a float", hint="Return a whole number")
def floats(N, D, method):
    return float(count(N, D, method))


@mistake("returns None for an unknown method", hint="raises ValueError")
def silent(N, D, method):
    return count(N, D, method) if method in METHODS else None


@mistake("swaps N and D", hint="ND^2 for the Hessian")
def swapped(N, D, method):
    return count(D, N, method)


@mistake("counts a Hessian as dearly as a hundred", hint="ND^2 for the Hessian")
def dear_hessian(N, D, method):
    return count(N, D, method, newton=100 * N * D**2 + D**3 // 3)


@mistake("counts a hundred products with B", hint="a few D^2")
def dear_update(N, D, method):
    return count(N, D, method, bfgs=2 * N * D + 400 * D**2)


@alternative
def with_branches(N, D, method):
    gradient = 2 * N * D
    if method == "gd":
        return gradient
    if method == "newton":
        return gradient + N * D * (D + 1) // 2 + D**3 // 3 + 2 * D**2 + N * D
    if method == "newton_wide":
        return gradient + N * N * D + N**3 // 3 + 2 * N * D
    if method == "bfgs":
        return gradient + 3 * D * D
    if method == "lbfgs":
        return gradient + 4 * 10 * D + D
    raise ValueError(method)


@alternative
def generous(N, D, method):
    table = {
        "gd": lambda: 2 * N * D + N + D,
        "newton": lambda: 3 * N * D + N * D**2 + int(D**3 / 3) + 2 * D**2,
        "newton_wide": lambda: 5 * N * D + N**2 * D + int(N**3 / 3) + 2 * N**2,
        "bfgs": lambda: 2 * N * D + 6 * D**2,
        "lbfgs": lambda: 2 * N * D + 4 * 10 * D + 30,
    }
    if method not in table:
        raise ValueError(f"{method} is none of {list(table)}")
    return int(table[method]())
