import numpy as np

from autograder.judge.bank import alternative, mistake


def scaled(X, mean, scale):
    return (X - mean) / scale, mean, scale


@mistake("divides constant columns by zero", hint="must get the scale 1")
def no_guard(X):
    X = np.asarray(X, dtype=float)
    return scaled(X, X.mean(axis=0), X.std(axis=0))


@mistake("looks for a deviation of exactly zero", hint="do not test that for zero")
def exact_zero(X):
    X = np.asarray(X, dtype=float)
    std = X.std(axis=0)
    return scaled(X, X.mean(axis=0), np.where(std == 0, 1.0, std))


@mistake("takes the sample deviation (ddof 1)", hint="ddof = 0")
def sample_deviation(X):
    X = np.asarray(X, dtype=float)
    constant = X.max(axis=0) == X.min(axis=0)
    return scaled(X, X.mean(axis=0), np.where(constant, 1.0, X.std(axis=0, ddof=min(1, len(X) - 1))))


@mistake("adds an epsilon to the deviation", hint="no added epsilon")
def epsilon(X):
    X = np.asarray(X, dtype=float)
    return scaled(X, X.mean(axis=0), X.std(axis=0) + 1e-8)


@mistake("calls every faint column constant", hint="no threshold")
def threshold(X):
    X = np.asarray(X, dtype=float)
    std = X.std(axis=0)
    return scaled(X, X.mean(axis=0), np.where(std < 1e-8, 1.0, std))


@mistake("takes mean and deviation over all pixels together", hint="each column")
def whole_table(X):
    X = np.asarray(X, dtype=float)
    return scaled(X, X.mean(), X.std() if X.max() > X.min() else 1.0)


@mistake("standardises each patch instead of each pixel", hint="axis 0")
def along_rows(X):
    X = np.asarray(X, dtype=float)
    mean, std = X.mean(axis=1, keepdims=True), X.std(axis=1, keepdims=True)
    return (X - mean) / np.where(std == 0, 1.0, std), mean[:, 0], std[:, 0]


@mistake("divides by the variance", hint="population deviation")
def variance(X):
    X = np.asarray(X, dtype=float)
    constant = X.max(axis=0) == X.min(axis=0)
    return scaled(X, X.mean(axis=0), np.where(constant, 1.0, X.var(axis=0)))


@mistake("computes the deviation from the mean of squares", hint="before anything is squared")
def mean_of_squares(X):
    X = np.asarray(X, dtype=float)
    constant = X.max(axis=0) == X.min(axis=0)
    variance = np.maximum((X**2).mean(axis=0) - X.mean(axis=0) ** 2, 1e-300)
    return scaled(X, X.mean(axis=0), np.where(constant, 1.0, np.sqrt(variance)))


@mistake("does not subtract the mean", hint="Subtract each column's mean")
def uncentred(X):
    X = np.asarray(X, dtype=float)
    constant = X.max(axis=0) == X.min(axis=0)
    scale = np.where(constant, 1.0, X.std(axis=0))
    return X / scale, X.mean(axis=0), scale


@mistake("changes the patches in place", hint="Work on a copy")
def in_place(X):
    mean = X.mean(axis=0)
    scale = np.where(X.max(axis=0) == X.min(axis=0), 1.0, X.std(axis=0))
    X -= mean
    X /= scale
    return X, mean, scale


@mistake("returns mean and scale in the wrong order", hint="mean and scale")
def swapped(X):
    X = np.asarray(X, dtype=float)
    constant = X.max(axis=0) == X.min(axis=0)
    mean, scale = X.mean(axis=0), np.where(constant, 1.0, X.std(axis=0))
    return (X - mean) / scale, scale, mean


@mistake("cuts off what is far out", hint="population deviation")
def cuts_off(X):
    X = np.asarray(X, dtype=float)
    mean, scale = X.mean(axis=0), np.where(X.max(axis=0) == X.min(axis=0), 1.0, X.std(axis=0))
    return np.clip((X - mean) / scale, -3.0, 3.0), mean, scale


@mistake("takes a column for constant that varies little beside its size", hint="no threshold")
def nearly_constant(X):
    X = np.asarray(X, dtype=float)
    std, mean = X.std(axis=0), X.mean(axis=0)
    return scaled(X, mean, np.where(std <= 1e-6 * np.abs(mean), 1.0, std))


@alternative
def by_columns(X):
    X = np.asarray(X, dtype=float)
    Z, means, scales = np.empty(X.shape), [], []
    for j, column in enumerate(X.T):
        mean = sum(column) / len(column)
        scale = 1.0 if np.ptp(column) == 0 else np.sqrt(sum((column - mean) ** 2) / len(column))
        Z[:, j] = (column - mean) / scale
        means.append(mean)
        scales.append(scale)
    return Z, means, scales


@alternative
def by_norms(X):
    X = np.array(X, dtype=np.float64)
    mean = np.average(X, axis=0)
    scale = np.linalg.norm(X - mean, axis=0) / np.sqrt(X.shape[0])
    scale[(X == X[0]).all(axis=0)] = 1.0
    return (X - mean) / scale, mean, scale


@alternative
def relative_threshold(X):
    X = np.asarray(X, dtype=float)
    mean, scale = X.mean(axis=0), X.std(axis=0)
    scale[scale <= 1e-13 * np.abs(mean)] = 1.0
    return (X - mean) / scale, mean, scale
