import numpy as np

from autograder.judge.bank import alternative, mistake


def textbook(B, s, q, r):
    left = np.eye(len(s)) - r * np.outer(s, q)
    return left @ B @ left.T + r * np.outer(s, s)


@mistake("swaps s and q", hint="they are swapped")
def swapped(B, s, q):
    return B if s @ q <= 0 else textbook(np.asarray(B), q, s, 1 / (s @ q))


@mistake("updates as DFP does", hint="DFP update is not")
def dfp(B, s, q):
    if s @ q <= 0:
        return B
    return B + np.outer(s, s) / (s @ q) - np.outer(B @ q, B @ q) / (q @ B @ q)


@mistake("leaves r out of the last term", hint="r s s'")
def no_r_outside(B, s, q):
    if s @ q <= 0:
        return B
    left = np.eye(len(s)) - np.outer(s, q) / (s @ q)
    return left @ B @ left.T + np.outer(s, s)


@mistake("leaves r out of the brackets", hint="(I - r s q')")
def no_r_inside(B, s, q):
    if s @ q <= 0:
        return B
    left = np.eye(len(s)) - np.outer(s, q)
    return left @ B @ left.T + np.outer(s, s) / (s @ q)


@mistake("transposes the brackets", hint="B_new q = s")
def transposed(B, s, q):
    if s @ q <= 0:
        return B
    left = np.eye(len(s)) - np.outer(q, s) / (s @ q)
    return left @ B @ left.T + np.outer(s, s) / (s @ q)


@mistake("puts the same bracket on both sides", hint="(I - r q s')")
def same_bracket_twice(B, s, q):
    if s @ q <= 0:
        return B
    left = np.eye(len(s)) - np.outer(s, q) / (s @ q)
    return left @ B @ left + np.outer(s, s) / (s @ q)


@mistake("forgets the last term", hint="B_new q = s")
def no_last_term(B, s, q):
    if s @ q <= 0:
        return B
    left = np.eye(len(s)) - np.outer(s, q) / (s @ q)
    return left @ B @ left.T


@mistake("multiplies from one side only", hint="B (I - r q s')")
def one_sided(B, s, q):
    if s @ q <= 0:
        return B
    return (np.eye(len(s)) - np.outer(s, q) / (s @ q)) @ B + np.outer(s, s) / (s @ q)


@mistake("updates whatever the curvature", hint="skip the update")
def never_skips(B, s, q):
    with np.errstate(all="ignore"):
        return textbook(np.asarray(B), np.asarray(s), np.asarray(q), np.float64(1) / (s @ q))


@mistake("returns the identity where the curvature is negative", hint="return B as it was")
def resets(B, s, q):
    return np.eye(len(s)) if s @ q <= 0 else textbook(np.asarray(B), s, q, 1 / (s @ q))


@mistake("skips small steps", hint="not below a threshold")
def threshold(B, s, q):
    return B if s @ q <= 1e-10 else textbook(np.asarray(B), s, q, 1 / (s @ q))


@mistake("adds an epsilon to s'q", hint="stays positive")
def epsilon(B, s, q):
    return B if s @ q <= 0 else textbook(np.asarray(B), s, q, 1 / (s @ q + 1e-12))


@mistake("updates the Hessian instead of its inverse", hint="B_new q = s")
def hessian(B, s, q):
    if s @ q <= 0:
        return B
    return B + np.outer(q, q) / (q @ s) - np.outer(B @ s, B @ s) / (s @ B @ s)


@mistake("changes B in place", hint="Work on a copy")
def in_place(B, s, q):
    if s @ q > 0:
        B[:] = textbook(B.copy(), s, q, 1 / (s @ q))
    return B


@mistake("makes a symmetric update of rank one", hint="BFGS update")
def rank_one(B, s, q):
    if s @ q <= 0:
        return B
    miss = s - B @ q
    return B + np.outer(miss, miss) / (miss @ q)


@mistake("skips where the curvature is small beside the lengths of s and q", hint="inverse of")
def skips_little_curvature(B, s, q):
    if s @ q <= 0.1 * np.linalg.norm(s) * np.linalg.norm(q):
        return B
    return textbook(np.asarray(B), s, q, 1 / (s @ q))


@mistake("damps the change of the gradient where the curvature is small (Powell)", hint="inverse of")
def damps(B, s, q):
    if s @ q <= 0:
        return B
    Hs = np.linalg.solve(B, s)
    if s @ q < 0.2 * s @ Hs:
        share = 0.8 * (s @ Hs) / (s @ Hs - s @ q)
        q = share * q + (1.0 - share) * Hs
    return textbook(np.asarray(B), s, q, 1 / (s @ q))


@mistake("takes a curvature of 1e-16 for none", hint="not below a threshold")
def threshold_of_rounding(B, s, q):
    return B if s @ q <= 1e-16 else textbook(np.asarray(B), s, q, 1 / (s @ q))


@mistake("skips where s and q are nearly at a right angle", hint="wherever s'q > 0")
def skips_by_angle(B, s, q):
    if s @ q <= 1e-8 * np.linalg.norm(s) * np.linalg.norm(q):
        return B
    return textbook(np.asarray(B), s, q, 1 / (s @ q))


@mistake("scales B where it is the identity", hint="of whatever B")
def scales_the_identity(B, s, q):
    if s @ q <= 0:
        return B
    if np.array_equal(B, np.eye(len(s))):
        B = (s @ q) / (q @ q) * np.eye(len(s))
    return textbook(np.asarray(B), s, q, 1 / (s @ q))


@alternative
def by_the_textbook(B, s, q):
    B, s, q = (np.asarray(v, dtype=float) for v in (B, s, q))
    return B.copy() if s @ q <= 0 else textbook(B, s, q, 1.0 / (s @ q))


@alternative
def expanded(B, s, q):
    B, s, q = (np.asarray(v, dtype=float) for v in (B, s, q))
    curvature = float(np.dot(s, q))
    if not curvature > 0:
        return B
    Bq = B @ q
    first = (curvature + q @ Bq) / curvature**2 * np.outer(s, s)
    return B + first - (np.outer(Bq, s) + np.outer(s, Bq)) / curvature


@alternative
def by_elements(B, s, q):
    r = sum(a * b for a, b in zip(s, q, strict=True))
    if r <= 0:
        return [list(row) for row in B]
    D = len(s)
    Bq = [sum(B[i][j] * q[j] for j in range(D)) for i in range(D)]
    qBq = sum(q[i] * Bq[i] for i in range(D))
    return [
        [B[i][j] - (s[i] * Bq[j] + Bq[i] * s[j]) / r + (1 + qBq / r) * s[i] * s[j] / r for j in range(D)]
        for i in range(D)
    ]
