"""What goes wrong, and what else is right, in `ethogram`."""

from itertools import groupby

import numpy as np

from autograder.judge.bank import alternative, mistake


def bouts(states, fps):
    """(state, start, stop, seconds), one by one."""
    found, start = [], 0
    for state, frames in groupby(np.asarray(states).tolist()):
        stop = start + len(list(frames))
        found.append((state, start, stop, (stop - start) / fps))
        start = stop
    return found


@mistake("forgets the last bout", hint="T ends the last one")
def forgets_last(states, fps):
    return bouts(states, fps)[:-1]


@mistake("forgets the first bout", hint="Frame 0 begins the first bout")
def forgets_first(states, fps):
    return bouts(states, fps)[1:]


@mistake("gives the last frame of a bout as its stop", hint="start ... stop - 1")
def closed(states, fps):
    return [(s, a, b - 1, t) for s, a, b, t in bouts(states, fps)]


@mistake("begins each bout a frame early", hint="+ 1")
def early(states, fps):
    return [(s, max(a - 1, 0), b - 1 if b < len(states) else b, t) for s, a, b, t in bouts(states, fps)]


@mistake("counts the steps and not the frames of a bout", hint="a thirtieth, and not 0")
def steps(states, fps):
    return [(s, a, b, (b - 1 - a) / fps) for s, a, b, _ in bouts(states, fps)]


@mistake("gives frames for seconds", hint="(stop - start) / fps")
def frames(states, fps):
    return [(s, a, b, b - a) for s, a, b, _ in bouts(states, fps)]


@mistake("multiplies by the frame rate", hint="(stop - start) / fps")
def times(states, fps):
    return [(s, a, b, (b - a) * fps) for s, a, b, _ in bouts(states, fps)]


@mistake("believes that all films have 30 frames a second", hint="(stop - start) / fps")
def thirty(states, fps):
    return [(s, a, b, (b - a) / 30.0) for s, a, b, _ in bouts(states, fps)]


@mistake("leaves out bouts of a single frame", hint="ends where the state changes")
def no_single(states, fps):
    return [bout for bout in bouts(states, fps) if bout[2] - bout[1] > 1]


@mistake("gives the length of a bout in place of its stop", hint="start ... stop - 1")
def lengths(states, fps):
    return [(s, a, b - a, t) for s, a, b, t in bouts(states, fps)]


@mistake("sorts bouts by state", hint="ends where the state changes")
def by_state(states, fps):
    return sorted(bouts(states, fps))


@mistake("names the state that follows", hint="ends where the state changes")
def following(states, fps):
    return [(states[min(b, len(states) - 1)], a, b, t) for _, a, b, t in bouts(states, fps)]


@mistake("gives the seconds of a state in place of those of its bouts", hint="(stop - start) / fps")
def by_total(states, fps):
    found = bouts(states, fps)
    return [(s, a, b, sum(t for other, _, _, t in found if other == s)) for s, a, b, _ in found]


@mistake("stumbles over a recording without frames", hint="no bout, an empty list")
def empty(states, fps):
    found, start = [], 0
    previous = states[0]
    for t, state in enumerate([*states, None]):
        if state != previous:
            found.append((previous, start, t, (t - start) / fps))
            start, previous = t, state
    return found


@mistake("takes negative states for no state", hint="also negative ones")
def negative(states, fps):
    return [bout for bout in bouts(states, fps) if bout[0] >= 0]


@mistake("gives an empty recording a bout without frames", hint="no bout, an empty list")
def empty_bout(states, fps):
    return bouts(states, fps) or [(0, 0, 0, 0.0)]


@alternative
def by_groupby(states, fps):
    return bouts(states, fps)


@alternative
def by_edges(states, fps):
    states = np.asarray(states)
    if len(states) == 0:
        return []
    starts = np.r_[0, np.nonzero(states[1:] != states[:-1])[0] + 1]
    stops = np.r_[starts[1:], len(states)]
    return list(zip(states[starts], starts, stops, (stops - starts) / fps, strict=True))


@alternative
def as_an_array(states, fps):
    return np.array(bouts(states, fps), dtype=float).reshape(-1, 4)
