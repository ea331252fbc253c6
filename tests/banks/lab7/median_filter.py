"""What goes wrong, and what else is right, in `median_filter`."""

import warnings

import numpy as np
from scipy import ndimage

from autograder.judge.bank import alternative, mistake


def filtered(X, width, middle=np.nanmedian, start=0, stop=0, check=True):
    """`middle` over the frames t - width // 2 + start to t + width // 2 + stop."""
    if check and (width < 1 or width % 2 == 0):
        raise ValueError("an odd width, please")
    X, half = np.asarray(X, dtype=float), width // 2
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        windows = [X[max(t - half + start, 0) : max(t + half + 1 + stop, 1)] for t in range(len(X))]
        return np.array([middle(window, axis=0) for window in windows])


@mistake("takes the mean instead of the median", hint="median of the frames")
def mean(X, width):
    return filtered(X, width, np.nanmean)


@mistake("filters all coordinates together", hint="each coordinate for itself")
def together(X, width):
    return filtered(X, width, lambda window, axis: np.broadcast_to(np.nanmedian(window), window.shape[1:]))


@mistake("looks back only", hint="t - width // 2 to t + width // 2")
def causal(X, width):
    return filtered(X, width, start=-(width // 2), stop=-(width // 2))


@mistake("lacks the last frame of the window", hint="t - width // 2 to t + width // 2")
def one_short(X, width):
    return filtered(X, width, stop=-1)


@mistake("takes width frames to each side", hint="t - width // 2 to t + width // 2")
def too_wide(X, width):
    filtered(X[:1], width)  # for its error
    return filtered(X, 2 * width + 1)


@mistake("pads the ends with zeros", hint="no zeros")
def zeros_at_the_ends(X, width):
    filtered(X[:1], width)
    edge = np.zeros((width // 2, *X.shape[1:]))
    return filtered(np.concatenate([edge, X, edge]), width)[width // 2 : width // 2 + len(X)]


@mistake("repeats the first and the last frame", hint="no copies")
def copies_at_the_ends(X, width):
    filtered(X[:1], width)
    padded = np.concatenate([np.repeat(X[:1], width // 2, 0), X, np.repeat(X[-1:], width // 2, 0)])
    return filtered(padded, width)[width // 2 : width // 2 + len(X)]


@mistake("leaves the ends as they are", hint="At the ends")
def ends_untouched(X, width):
    result, half = filtered(X, width), width // 2
    result[:half], result[len(X) - half :] = X[:half], X[len(X) - half :]
    return result


@mistake("lets one NaN spoil its window", hint="np.nanmedian")
def spoilt(X, width):
    return filtered(X, width, np.median)


@mistake("keeps gaps as gaps", hint="a gap is filled")
def keeps_gaps(X, width):
    return np.where(np.isnan(X), np.nan, filtered(X, width))


@mistake("fills gaps with zeros", hint="A NaN is no estimate")
def zeros_in_gaps(X, width):
    return filtered(np.nan_to_num(X), width)


@mistake("fills a gap with the last estimate before it", hint="where the window reaches")
def holds_the_last(X, width):
    result = filtered(X, width)
    for t in range(1, len(X)):
        result[t] = np.where(np.isnan(result[t]), result[t - 1], result[t])
    return result


@mistake("drops a point that lacks one coordinate", hint="A NaN is no estimate")
def whole_points(X, width):
    return filtered(np.where(np.isnan(X).any(axis=-1, keepdims=True), np.nan, X), width)


@mistake("accepts an even width", hint="raises ValueError")
def any_width(X, width):
    return filtered(X, max(width, 1), check=False)


@mistake("makes the window smaller at both sides near an end", hint="holds the frames that exist")
def symmetric_at_the_ends(X, width):
    filtered(X[:1], width)
    reach = [min(width // 2, t, len(X) - 1 - t) for t in range(len(X))]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.array([np.nanmedian(X[t - r : t + r + 1], axis=0) for t, r in enumerate(reach)])


@alternative
def by_loops(X, width):
    return filtered(X, width)


@alternative
def by_scipy(X, width):
    if width < 1 or not width % 2:
        raise ValueError("the width must be odd")
    size = (width, *[1] * (np.ndim(X) - 1))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ndimage.generic_filter(np.asarray(X, dtype=float), np.nanmedian, size, mode="constant", cval=np.nan)


@alternative
def sorts_by_hand(X, width):
    if width % 2 != 1 or width < 0:
        raise ValueError("odd widths only")
    half, result = width // 2, np.full(np.shape(X), np.nan)
    for place in np.ndindex(np.shape(X)):
        t, rest = place[0], place[1:]
        values = sorted(
            v for v in (X[(s, *rest)] for s in range(max(0, t - half), min(len(X), t + half + 1))) if v == v
        )
        if values:
            result[place] = (values[(len(values) - 1) // 2] + values[len(values) // 2]) / 2
    return result.tolist()
