"""What goes wrong, and what else is right, in `brightest_point`."""

import numpy as np

from autograder.judge.bank import alternative, mistake


def find(image):
    return np.unravel_index(np.argmax(image), np.shape(image))


@mistake("returns (row, column) instead of (x, y)", hint="(x, y) = (column, row)")
def row_first(image):
    return np.array(find(image))


@mistake("returns the index into the flattened image", hint="(x, y) = (column, row)")
def flat_index(image):
    return int(np.argmax(image))


@mistake("counts from one", hint="(x, y) = (column, row)")
def from_one(image):
    row, column = find(image)
    return np.array([column + 1, row + 1])


@mistake("finds the darkest point", hint="(x, y) = (column, row)")
def darkest(image):
    row, column = find(-np.asarray(image))
    return np.array([column, row])


@mistake("compares absolute values", hint="signed values")
def absolute(image):
    row, column = find(np.abs(image))
    return np.array([column, row])


@mistake("starts its search from zero", hint="may be negative")
def from_zero(image):
    best, point = 0.0, (0, 0)
    for y, line in enumerate(np.asarray(image)):
        for x, value in enumerate(line):
            if value > best:
                best, point = value, (x, y)
    return np.array(point)


@mistake("sets the maximum to zero in the image", hint="Work on a copy")
def in_place(image):
    row, column = find(image)
    image[row, column] = 0.0
    return np.array([column, row])


@alternative
def by_where(image):
    rows, columns = np.where(image == np.max(image))
    return (int(columns[0]), int(rows[0]))


@alternative
def by_division(image):
    row, column = divmod(int(np.argmax(image)), np.shape(image)[1])
    return [column, row]
