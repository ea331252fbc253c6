import numpy as np
from scipy.stats import linregress

from autograder.judge.bank import alternative, mistake


@mistake("renumbers the steps that are left", hint="keep their step number")
def renumbered(losses, optimum):
    gaps = np.asarray(losses, dtype=float) - optimum
    gaps = gaps[gaps > 0]
    return np.polyfit(np.arange(len(gaps)), np.log(gaps), 1)[0]


@mistake("uses the common logarithm", hint="natural logarithms")
def common_logarithm(losses, optimum):
    gaps = np.asarray(losses, dtype=float) - optimum
    t = np.flatnonzero(gaps > 0)
    return np.polyfit(t, np.log10(gaps[t]), 1)[0]


@mistake("returns the factor instead of its logarithm", hint="return its slope")
def factor(losses, optimum):
    gaps = np.asarray(losses, dtype=float) - optimum
    t = np.flatnonzero(gaps > 0)
    return np.exp(np.polyfit(t, np.log(gaps[t]), 1)[0])


@mistake("looks at the first and the last gap only", hint="all points counting alike")
def end_points(losses, optimum):
    gaps = np.asarray(losses, dtype=float) - optimum
    t = np.flatnonzero(gaps > 0)
    return (np.log(gaps[t[-1]]) - np.log(gaps[t[0]])) / (t[-1] - t[0])


@mistake("does not drop gaps that are not positive", hint="have no logarithm")
def keeps_all(losses, optimum):
    gaps = np.asarray(losses, dtype=float) - optimum
    with np.errstate(all="ignore"):
        x, z = np.arange(len(gaps)), np.log(gaps)
        return np.sum((x - x.mean()) * (z - z.mean())) / np.sum((x - x.mean()) ** 2)


@mistake("takes the absolute value of negative gaps", hint="zero or negative")
def absolute(losses, optimum):
    gaps = np.abs(np.asarray(losses, dtype=float) - optimum)
    t = np.flatnonzero(gaps > 0)
    return np.polyfit(t, np.log(gaps[t]), 1)[0]


@mistake("clips the gaps from below", hint="drop them")
def clipped(losses, optimum):
    gaps = np.maximum(np.asarray(losses, dtype=float) - optimum, 1e-16)
    return np.polyfit(np.arange(len(gaps)), np.log(gaps), 1)[0]


@mistake("forgets the optimum", hint="ln(loss - optimum)")
def no_optimum(losses, optimum):
    losses = np.asarray(losses, dtype=float)
    return np.polyfit(np.arange(len(losses)), np.log(losses), 1)[0]


@mistake("fits the gaps and not their logarithms", hint="ln(loss - optimum)")
def no_logarithm(losses, optimum):
    gaps = np.asarray(losses, dtype=float) - optimum
    t = np.flatnonzero(gaps > 0)
    return np.polyfit(t, gaps[t], 1)[0]


@mistake("forces the line through the first gap", hint="by least squares")
def through_first(losses, optimum):
    gaps = np.asarray(losses, dtype=float) - optimum
    t = np.flatnonzero(gaps > 0)
    z = np.log(gaps[t]) - np.log(gaps[t[0]])
    return np.sum(t * z) / np.sum(t**2)


@mistake("stops at the first gap that is not positive", hint="let the others keep")
def stops(losses, optimum):
    gaps = np.asarray(losses, dtype=float) - optimum
    last = np.argmax(gaps <= 0) if np.any(gaps <= 0) else len(gaps)
    return np.polyfit(np.arange(last), np.log(gaps[:last]), 1)[0]


@mistake("takes small gaps for rounding", hint="however small the gap")
def drops_small_gaps(losses, optimum):
    gaps = np.asarray(losses, dtype=float) - optimum
    steps = np.flatnonzero(gaps > 1e-12)
    return float(np.polyfit(steps, np.log(gaps[steps]), 1)[0])


@alternative
def by_linregress(losses, optimum):
    gaps = np.asarray(losses, dtype=float) - optimum
    t = np.arange(len(gaps))[gaps > 0]
    return linregress(t, np.log(gaps[gaps > 0])).slope


@alternative
def by_normal_equation(losses, optimum):
    points = [(t, np.log(loss - optimum)) for t, loss in enumerate(losses) if loss > optimum]
    t, z = np.array(points).T
    return float(np.sum((t - t.mean()) * z) / np.sum((t - t.mean()) ** 2))


@alternative
def by_lstsq(losses, optimum):
    gaps = np.asarray(losses, dtype=float) - optimum
    kept = gaps > 0
    A = np.stack([np.ones(len(gaps)), np.arange(len(gaps))], axis=1)[kept]
    return np.linalg.lstsq(A, np.log(gaps[kept]), rcond=None)[0][1]
