"""What goes wrong, and what else is right, in `quadratic_gradient`."""

from autograder.judge.bank import alternative, mistake


@mistake("takes A for symmetric", hint="not symmetric")
def symmetric_only(w, A, b):
    return A @ w - b


@mistake("multiplies by the transpose only", hint="not symmetric")
def transpose_only(w, A, b):
    return A.T @ w - b


@mistake("forgets the factor one half", hint="no factor 2")
def no_half(w, A, b):
    return (A + A.T) @ w - b


@mistake("leaves a factor one half", hint="no 1/2 left over")
def half_left(w, A, b):
    return 0.5 * A @ w - b


@mistake("forgets b", hint="-b'w is -b")
def no_b(w, A, b):
    return (A + A.T) @ w / 2


@mistake("gets the sign of b wrong", hint="-b'w is -b")
def plus_b(w, A, b):
    return (A + A.T) @ w / 2 + b


@mistake("returns the value instead of the gradient", hint="expected shape (4,)")
def value(w, A, b):
    return 0.5 * w @ A @ w - b @ w


@mistake("multiplies element by element", hint="expected shape (4,)")
def elementwise(w, A, b):
    return (A + A.T) * w / 2 - b


@alternative
def by_halves(w, A, b):
    return 0.5 * (A @ w) + 0.5 * (w @ A) - b


@alternative
def by_loop(w, A, b):
    D = len(w)
    return [sum((A[i, j] + A[j, i]) * w[j] for j in range(D)) / 2 - b[i] for i in range(D)]
