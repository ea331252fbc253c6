import numpy as np

from autograder.judge.bank import alternative, mistake


def two_loops(g, S, Q, scale):
    d = -np.asarray(g, dtype=float)
    weights = []
    for s, q in zip(S[::-1], Q[::-1], strict=True):
        weights.append(s @ d / (s @ q))
        d = d - weights[-1] * q
    d = d * scale
    for s, q in zip(S, Q, strict=True):
        d = d + (weights.pop() - q @ d / (s @ q)) * s
    return d


def newest(S, Q):
    return S[-1] @ Q[-1] / (Q[-1] @ Q[-1]) if len(S) else 1.0


@mistake("takes the pairs in the wrong order", hint="newest pair is the last row")
def oldest_last(g, S, Q):
    return two_loops(g, S[::-1], Q[::-1], newest(S, Q))


@mistake("starts from the identity", hint="the scale s'q / q'q between the loops")
def no_scale(g, S, Q):
    return two_loops(g, S, Q, 1.0)


@mistake("takes the scale of the oldest pair", hint="is its own")
def oldest_scale(g, S, Q):
    return two_loops(g, S, Q, S[0] @ Q[0] / (Q[0] @ Q[0]) if len(S) else 1.0)


@mistake("turns the scale upside down", hint="s'q / q'q")
def upside_down(g, S, Q):
    return two_loops(g, S, Q, 1.0 / newest(S, Q))


@mistake("scales by s's / s'q", hint="s'q / q'q")
def other_scale(g, S, Q):
    return two_loops(g, S, Q, S[-1] @ S[-1] / (S[-1] @ Q[-1]) if len(S) else 1.0)


@mistake("returns Bg without the minus", hint="minus, unscaled")
def plus(g, S, Q):
    return -two_loops(g, S, Q, newest(S, Q))


@mistake("leaves the second loop out", hint="Both loops are needed")
def one_loop(g, S, Q):
    d = -np.asarray(g, dtype=float)
    for s, q in zip(S[::-1], Q[::-1], strict=True):
        d = d - s @ d / (s @ q) * q
    return d * newest(S, Q)


@mistake("swaps S and Q", hint="g = q gives -s")
def swapped(g, S, Q):
    return two_loops(g, Q, S, newest(Q, S))


@mistake("cannot do with an empty memory", hint="With an empty memory")
def no_empty_memory(g, S, Q):
    return two_loops(g, S, Q, S[-1] @ Q[-1] / (Q[-1] @ Q[-1]))


@mistake("scales the first direction", hint="minus, unscaled")
def scaled_start(g, S, Q):
    return two_loops(g, S, Q, newest(S, Q) if len(S) else 1.0 / np.linalg.norm(g))


@mistake("builds the matrix", hint="nothing of size D x D")
def dense(g, S, Q):
    B = newest(S, Q) * np.eye(len(g))
    for s, q in zip(S, Q, strict=True):
        left = np.eye(len(g)) - np.outer(s, q) / (s @ q)
        B = left @ B @ left.T + np.outer(s, s) / (s @ q)
    return -B @ g


@mistake("pairs the weights of the first loop with the wrong rows", hint="and back")
def weights_in_wrong_order(g, S, Q):
    d = -np.asarray(g, dtype=float)
    weights = []
    for s, q in zip(S[::-1], Q[::-1], strict=True):
        weights.append(s @ d / (s @ q))
        d = d - weights[-1] * q
    d = d * newest(S, Q)
    for s, q, weight in zip(S, Q, weights, strict=True):
        d = d + (weight - q @ d / (s @ q)) * s
    return d


@mistake("runs the second loop from the newest pair too", hint="and back")
def backwards_twice(g, S, Q):
    d = -np.asarray(g, dtype=float)
    weights = []
    for s, q in zip(S[::-1], Q[::-1], strict=True):
        weights.append(s @ d / (s @ q))
        d = d - weights[-1] * q
    d = d * newest(S, Q)
    for s, q, weight in zip(S[::-1], Q[::-1], weights, strict=True):
        d = d + (weight - q @ d / (s @ q)) * s
    return d


@mistake("uses the newest five pairs only", hint="over all pairs")
def newest_five(g, S, Q):
    d, S, Q = -np.asarray(g), S[-5:], Q[-5:]
    weights = np.zeros(len(S))
    for i in reversed(range(len(S))):
        weights[i] = S[i] @ d / (S[i] @ Q[i])
        d = d - weights[i] * Q[i]
    if len(S):
        d = d * (S[-1] @ Q[-1]) / (Q[-1] @ Q[-1])
    for i in range(len(S)):
        d = d + (weights[i] - Q[i] @ d / (S[i] @ Q[i])) * S[i]
    return d


@mistake("leaves pairs out whose s'q is below a threshold", hint="however small")
def small_pairs_left_out(g, S, Q):
    kept = np.sum(np.asarray(S) * np.asarray(Q), axis=1) > 1e-10
    return two_loops(g, S[kept], Q[kept], newest(S[kept], Q[kept]))


@alternative
def by_lists(g, S, Q):
    return two_loops(g, list(S), list(Q), newest(S, Q))


@alternative
def recursive(g, S, Q):
    def times(v, m):
        if m == 0:
            return newest(S, Q) * v
        s, q = S[m - 1], Q[m - 1]
        r = 1.0 / (s @ q)
        inner = times(v - r * (s @ v) * q, m - 1)
        return inner - r * (q @ inner) * s + r * (s @ v) * s

    return -times(np.asarray(g, dtype=float), len(S))


@alternative
def nocedal(g, S, Q):
    q, m = np.array(g, dtype=float), len(S)
    rho, alpha = np.zeros(m), np.zeros(m)
    for i in range(m - 1, -1, -1):
        rho[i] = 1.0 / np.dot(Q[i], S[i])
        alpha[i] = rho[i] * np.dot(S[i], q)
        q -= alpha[i] * Q[i]
    r = q if m == 0 else np.dot(S[-1], Q[-1]) / np.dot(Q[-1], Q[-1]) * q
    for i in range(m):
        beta = rho[i] * np.dot(Q[i], r)
        r = r + S[i] * (alpha[i] - beta)
    return -r
