"""What goes wrong, and what else is right, in `transition_matrix`."""

from itertools import groupby, pairwise

import numpy as np

from autograder.judge.bank import alternative, mistake


def counted(states, num_states, order=None):
    """Steps between bouts, or in another order of states."""
    order = [state for state, _ in groupby(np.asarray(states).tolist())] if order is None else order
    counts = np.zeros((num_states, num_states))
    for before, after in pairwise(order):
        counts[before, after] += 1
    return counts


def shares(counts, axis=1):
    return counts / np.maximum(counts.sum(axis=axis, keepdims=True), 1)


@mistake("counts every frame, also those in which nothing changes", hint="A state does not follow itself")
def frames(states, num_states):
    return shares(counted(states, num_states, np.asarray(states).tolist()))


@mistake("has rows and columns the wrong way round", hint="row = from, column = to")
def transposed(states, num_states):
    return shares(counted(states, num_states).T)


@mistake("lets columns sum to one", hint="divide each row by its sum")
def columns(states, num_states):
    return shares(counted(states, num_states), axis=0)


@mistake("gives shares of all steps", hint="divide each row by its sum")
def of_all(states, num_states):
    counts = counted(states, num_states)
    return counts / max(counts.sum(), 1)


@mistake("gives counts", hint="divide each row by its sum")
def counts(states, num_states):
    return counted(states, num_states)


@mistake("counts several steps between the same states once", hint="np.add.at")
def once(states, num_states):
    states, found = np.asarray(states), np.zeros((num_states, num_states))
    steps = np.flatnonzero(np.diff(states))
    found[states[steps], states[steps + 1]] += 1
    return shares(found)


@mistake("divides by the number of bouts, the last one included", hint="divide each row by its sum")
def by_bouts(states, num_states):
    order = [state for state, _ in groupby(np.asarray(states).tolist())]
    visits = np.bincount(order, minlength=num_states)
    # As every row but the last state's is right, this shows where there are few bouts.
    return counted(states, num_states) / np.maximum(visits + 1, 1)[:, None]


@mistake("divides 0 by 0 where a state is never left", hint="Do not divide 0 by 0")
def nan_rows(states, num_states):
    counts = counted(states, num_states)
    with np.errstate(invalid="ignore"):
        return counts / counts.sum(axis=1, keepdims=True)


@mistake("gives a state that is never left equal shares", hint="do not invent equal shares")
def equal_shares(states, num_states):
    found = shares(counted(states, num_states))
    found[found.sum(axis=1) == 0] = 1.0 / num_states
    return found


@mistake("lets a state that is never left stay in itself", hint="has a row of zeros")
def absorbing(states, num_states):
    found = shares(counted(states, num_states))
    never = np.flatnonzero(found.sum(axis=1) == 0)
    found[never, never] = 1.0
    return found


@mistake("adds one to every count", hint="divide each row by its sum")
def smoothed(states, num_states):
    return shares(counted(states, num_states) + 1)


@mistake("leaves out states that do not occur", hint="also where some states never occur")
def compact(states, num_states):
    _, states = np.unique(states, return_inverse=True)
    return shares(counted(states, states.max() + 1))


@mistake("joins the last bout to the first", hint="the last one")
def circular(states, num_states):
    order = [state for state, _ in groupby(np.asarray(states).tolist())]
    return shares(counted(states, num_states, order + order[:1] * (order[0] != order[-1])))


@alternative
def by_groupby(states, num_states):
    return shares(counted(states, num_states))


@alternative
def by_one_hot(states, num_states):
    states = np.asarray(states)
    change = states[1:] != states[:-1]
    hot = np.eye(num_states)
    found = hot[states[:-1][change]].T @ hot[states[1:][change]]
    total = found.sum(axis=1)
    return np.divide(found, total[:, None], out=np.zeros_like(found), where=total[:, None] > 0)


@alternative
def by_lists(states, num_states):
    rows = counted(states, num_states).tolist()
    return [[n / sum(row) if sum(row) else 0.0 for n in row] for row in rows]
