"""What went wrong, in words: one line for each kind of failure, and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from autograder.outcome import Failure, Kind, Outcome

LONGEST = 400
# How NumPy 2 writes its scalars: np.int64(3), np.True_.
SCALAR = re.compile(r"\bnp\.(?:(?:u?int|float|complex|bool|str)\w*\(([^()]*)\)|(True|False)_\b)")
ANY_NUMBER = 99  # arguments that a function takes at most, where there is no end


def told(failure: Failure, outcome: Outcome = Outcome.FAILED) -> str:
    """A failure in one line; `outcome` is NOT_RUN where it befell an earlier check."""
    if outcome is Outcome.NOT_RUN:
        early = failure if failure.kind in _PROCESS else replace(failure, call="an earlier call")
        return _in_one_line(f"not run: {_said(early)}")
    said = _said(failure) + _place(failure)
    if failure.changed and failure.kind is not Kind.CHANGED:
        said += f"; {_changed(failure)}"
    return _in_one_line(said)


@dataclass(frozen=True)
class Beside:
    """A small result and what was expected, to be shown one beside the other; `call` ends in "gave" or "led to"."""

    call: str
    got: str
    due: str


def beside(failure: Failure) -> Beside | None:
    """A wrong value or shape in its parts; None for what is better told in a sentence."""
    if failure.kind not in (Kind.VALUE, Kind.ROUNDED, Kind.SHAPE) or failure.got in ("", "None") or failure.changed:
        return None
    shape = "shape " if failure.kind is Kind.SHAPE else ""
    at = f" at index {list(failure.index)}" if failure.index else ""
    call = f"{_called(failure)} {'gave' if failure.direct else 'led to'}{at}"
    return Beside(*map(_in_one_line, (call, shape + failure.got, shape + failure.due)))


def advice(failure: Failure) -> str:
    """What to do about a failure of its kind; "" where there is nothing to add."""
    return _ADVICE.get(failure.kind, "")


def _in_one_line(text: str) -> str:
    text = SCALAR.sub(lambda found: found[1] or found[2], " ".join(text.split()))
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _said(failure: Failure) -> str:
    if failure.kind in _PROCESS:
        return _PROCESS[failure.kind].format(limit=failure.limit)
    if failure.kind in _CALL:
        return f"{failure.call} {_CALL[failure.kind].format(limit=failure.limit)}"
    return _SENTENCES[failure.kind](failure)


def _changed(failure: Failure) -> str:
    return f"{failure.call} changed its input {', '.join(failure.changed)} in place"


def _place(failure: Failure) -> str:
    """The student's line."""
    if not failure.line or failure.kind in (Kind.UNWRITTEN, Kind.CELL_FAILED):
        return ""
    inside = f"in {failure.name}, " if failure.name and failure.kind in _LOCATED else ""
    source = f": `{failure.source}`" if failure.source else ""
    return f" ({inside}line {failure.line}{source})"


def _called(failure: Failure) -> str:
    return f"{failure.call} on a random input" if failure.secret else failure.call


def _gave(failure: Failure) -> str:
    """The call and what came of it."""
    got = "None (is a `return` missing?)" if failure.got == "None" else failure.got
    return f"{_called(failure)} {'gave' if failure.direct else 'led to'} {got}"


def _value(failure: Failure) -> str:
    at = f" at index {list(failure.index)}" if failure.index else ""
    if not failure.got:
        return f"{_gave(replace(failure, got='a wrong value'))}{at}"
    return f"{_gave(failure)}{at}, expected {failure.due}"


def _shape(failure: Failure) -> str:
    got = "a single number" if failure.got == "()" else f"an array of shape {failure.got}"
    due = "a single number" if failure.due == "()" else f"shape {failure.due}"
    return f"{_gave(replace(failure, got=got))}, expected {due}"


def _claim(failure: Failure) -> str:
    if failure.said:
        return f"{_called(failure)}: {failure.said}" if failure.secret else failure.said
    return _gave(failure) if failure.got else f"{failure.call} fails" + " on a random input" * failure.secret


def _exception(failure: Failure) -> str:
    said = f"{failure.error or 'an exception'}: {failure.said}" if failure.said else failure.error or "an exception"
    due = f", where a {failure.due} is due" if failure.due else ""
    return f"{failure.call} raised {said}{_versions(failure)}{due}" if failure.call else f"{said}{_versions(failure)}"


def _versions(failure: Failure) -> str:
    if failure.written_for:
        return f" (the notebook was written with {failure.written_for}, this is {failure.version})"
    return f" (this is {failure.version})" if failure.version else ""


def _signature(failure: Failure) -> str:
    needed, most, given = failure.takes
    if failure.got or failure.parameters:
        takes = f"({', '.join(failure.parameters)})"
        called = f"as {failure.got}" if failure.got else f"with {given} argument{'s' * (given != 1)}"
        named = f", one of them by the name {failure.name}" if failure.name and not failure.got else ""
        return f"{failure.call} takes {takes}, but is called {called}{named}"
    if failure.name:
        return f"{failure.call} has no argument {failure.name}, by which the exercise calls it"
    if needed <= given <= most:
        return f"{failure.call} takes other arguments than those that the exercise calls it with"
    count = f"at least {needed}" if most == ANY_NUMBER else str(most) if needed == most else f"{needed} to {most}"
    return f"{failure.call} takes {count} argument{'s' * (count != '1')}, the exercise calls it with {given}"


def _other(failure: Failure, state: str) -> str:
    """Of an exercise itself, or of another one that it uses."""
    return state if failure.name in ("", failure.call) else f"uses {failure.name}, which is {state}"


def _missing(failure: Failure) -> str:
    if failure.name == failure.call:
        return f"{failure.name} is not defined. Run the cell that defines it first."
    return _other(failure, "not defined")


def _not_plain(failure: Failure) -> str:
    what = f"a value of type {failure.name}, which" if failure.name else "what"
    return f"{failure.call} returned {what} cannot be compared: return arrays, numbers, strings, lists, tuples or dicts"


def _dtype(failure: Failure) -> str:
    what = "Python objects (dtype object)" if failure.name == "object" else f"dtype {failure.name or 'unknown'}"
    return f"{failure.call} returned an array of {what}, which cannot be compared: return numbers (float, int or bool)"


def _callback(failure: Failure) -> str:
    why = ": ".join(filter(None, (failure.error, failure.said)))
    return f"{failure.call} called the function that it was given in a way that fails" + f" ({why})" * bool(why)


def _memory(failure: Failure) -> str:
    return f"{failure.call} needed more " + (f"than {failure.limit:g} MiB" if failure.limit else "memory than there is")


def _parts(failure: Failure) -> str:
    if failure.said:
        has = f"{failure.call} has {failure.due} of "
        return has + (
            f"shape {failure.got}, expected {failure.said}" if failure.got else f"another shape than {failure.said}"
        )
    if failure.due:
        return f"{failure.call} has no {failure.due}" + f"; it has {failure.name}" * bool(failure.name)
    return f"{failure.call} has {failure.name or 'a part'}, which should not be there"


def _unusable(failure: Failure) -> str:
    why = f"{failure.error}: {failure.said}" if failure.said else failure.error
    return f"what {_called(failure)} did cannot be checked further ({why})"


def _probe(failure: Failure) -> str:
    call = f"{failure.call} on the same numbers as {failure.kind}"
    if failure.cause is None:
        at = f" at index {list(failure.index)}" if failure.index else ""
        return f"{call} gave " + (f"{failure.got}{at}, as floats {failure.due}" if failure.got else "something else")
    if failure.cause.kind is Kind.SHAPE:
        return f"{call} gave values of another shape or kind"
    return told(replace(failure.cause, call=call))


def _cell_failed(failure: Failure) -> str:
    why = failure.cause or replace(failure, kind=Kind.EXCEPTION, call="")
    return f"the cell that defines {failure.call} fails: {told(why)}"


def _interrupted(failure: Failure) -> str:
    cause = failure.cause or failure
    long = "waits" if cause.kind is Kind.WAITS else f"takes more than {cause.limit:g} s"
    where = f"Code cell {failure.cell} {long} in line {cause.line} (`{cause.source}`)"
    return f"{where}: it was interrupted there, and went on with the next statement"


def _not_whole(failure: Failure) -> str:
    """Why a cell was not run as it stands."""
    cause = failure.cause or failure
    if cause.kind in (Kind.TIME, Kind.WAITS):
        return "it takes too long, and does not let itself be interrupted"
    return told(replace(cause, call="it"))


_RAISED = (
    Kind.EXCEPTION, Kind.NO_NAME, Kind.NO_GPU, Kind.UNHASHABLE, Kind.NO_INPUT, Kind.DEBUGGER, Kind.NO_ATTRIBUTE, Kind.NO_MODULE,
)  # fmt: skip
_LOCATED = (*_RAISED, Kind.TIME, Kind.MEMORY)  # `name` is the function that the line is in
_SENTENCES: dict[Kind, Callable[[Failure], str]] = {
    Kind.VALUE: _value,
    Kind.ROUNDED: _value,
    Kind.SHAPE: _shape,
    Kind.UNUSABLE: _unusable,
    Kind.PARTS: _parts,
    Kind.NOT_NUMBERS: lambda f: f"{_gave(f)}, where numbers are due",
    Kind.INCOMPARABLE: lambda f: f"{_gave(f)}, which is not of the kind that is asked for",
    Kind.CLAIM: _claim,
    Kind.CHANGED: _changed,
    Kind.WARNING: lambda f: (
        f"{f.call} gave the right value, but with a floating-point warning" + f": {f.said}" * bool(f.said)
    ),
    Kind.INTEGERS: _probe,
    Kind.SINGLE: _probe,
    Kind.NOT_PLAIN: _not_plain,
    Kind.DTYPE: _dtype,
    Kind.NO_EXCEPTION: lambda f: f"{_called(f)} raised nothing, where a {f.due} is due",
    Kind.SIGNATURE: _signature,
    Kind.NOT_CALLABLE: lambda f: f"{f.call} is not a function" + f", it is of type {f.name}" * bool(f.name),
    Kind.UNWRITTEN: lambda f: _other(f, "not written yet"),
    Kind.PARTLY_WRITTEN: lambda f: f"{f.call} raised NotImplementedError",
    Kind.MISSING: _missing,
    Kind.CALLBACK: _callback,
    Kind.MEMORY: _memory,
    Kind.NOWHERE: lambda f: f"{f.call} is not defined in this notebook",
    Kind.TEXT_CELL: lambda f: f"{f.call} is in a text cell, which does not run: make cell {f.cell} a code cell",
    Kind.COMMENTED_OUT: lambda f: f"{f.call} is commented out in code cell {f.cell}, so that it does not run",
    Kind.OTHER_NAME: lambda f: f"{f.call} is not defined, but {f.name} is, in code cell {f.cell}: was it renamed?",
    Kind.EXPLORE_CELL: lambda f: (
        f"{f.call} is in code cell {f.cell}, which is tagged explore: of such a cell only definitions are run when grading, "
        "so move it to a cell of its own"
    ),
    Kind.CELL_FAILED: _cell_failed,
    Kind.GONE: lambda f: (
        f"{f.call} is defined in code cell {f.cell}, but not any more where it is checked: was it deleted?"
    ),
    Kind.PASSED_OVER: lambda f: f"Code cell {f.cell} failed: {told(f.cause or f)}",
    Kind.INTERRUPTED: _interrupted,
    Kind.REDUCED: lambda f: f"Of code cell {f.cell} only the definitions were run: {_not_whole(f)}",
    Kind.LEFT_OUT: lambda f: f"Code cell {f.cell} was not run: {_not_whole(f)}",
    Kind.FILE: lambda f: f.said,
    Kind.OURS: lambda f: f"could not be graded, for a reason that is not the student's: {f.said}",
} | dict.fromkeys(_RAISED, _exception)
# What a call did, where that says all.
_CALL = {
    Kind.INDESCRIBABLE: "gave back what can be neither compared nor described",
    Kind.FUNCTION: "returned a function where a value is due: is a pair of brackets () missing?",
    Kind.DIMENSIONS: "returned an array with too many dimensions",
    Kind.TOO_LARGE: "returned a value that is too large",
    Kind.NESTED: "returned a value that contains itself, or is nested too deeply",
    Kind.HUGE_INTEGER: "returned an integer that is too large to be compared",
    Kind.TOO_MANY: "returned a value with too many parts",
    Kind.CALLBACKS: "called the function that it was given more than {limit:g} times: is there a loop that never ends?",
    Kind.TIME: "used more than {limit:g} s of CPU time: is there a loop that never ends?",
    Kind.EXERCISE_TIME: "used more than {limit:g} s of CPU time in all its calls",
    Kind.EXERCISE_IDLE: "waited for more than {limit:g} s in all its calls",
    Kind.RECEIVED: "gave back more than {limit:g} MiB in all its calls",
    Kind.PROCESSES: "started more than {limit:g} processes or threads",
    Kind.PROCESS_MEMORY: "used more than {limit:g} MiB of memory in several processes",
    Kind.WAITS: "waits for something that never comes (input, a sleep, a lock)",
    Kind.UNFINISHED: "did not finish",
    Kind.JUDGING: "gave back what could not be checked in {limit:g} s",
}
# What became of the process or of the notebook, whatever was called.
_PROCESS = {
    Kind.ENDED: "the process ended",
    Kind.GARBLED: "the answer could not be read",
    Kind.SLOW_ANSWER: "the answer could not be read: it came too slowly",
    Kind.NOTEBOOK_TIME: "the exercises of this notebook have used more than {limit:g} s of CPU time in all",
    Kind.NOTEBOOK_UNFINISHED: "the notebook did not finish",
    Kind.CELLS_TIME: "the cells of this notebook take too long in all",
    Kind.THREADS: "it leaves threads behind",
    Kind.CELL_TOO_LONG: "a cell of more than {limit:g} MiB",
}
_ADVICE = {
    Kind.SHAPE: "The numbers were not compared. Compare this shape with the one that the docstring promises.",
    Kind.ROUNDED: (
        "Right to about seven digits: that is single precision, float32, which is torch's default. Compute in float64 "
        "(np.asarray(x, dtype=float), tensor.double())."
    ),
    Kind.UNUSABLE: "Compare with what the docstring says about the value that comes back, and about the calls that are made.",
    Kind.PARTS: "Weights are loaded by name: make the parts that the docstring lists, by these names, and no others.",
    Kind.NOT_NUMBERS: "Compare with what the docstring says about the value that comes back.",
    Kind.INCOMPARABLE: "Compare with what the docstring says about the value that comes back.",
    Kind.INTEGERS: "Whole numbers must give what the same numbers as floats give: begin with np.asarray(x, dtype=float).",
    Kind.SINGLE: (
        "Single-precision input loses more than its own rounding: compute in float64 (np.asarray(x, dtype=float))."
    ),
    Kind.CHANGED: "Work on a copy (x = np.array(x, dtype=float)): the caller still needs what was passed in.",
    Kind.SIGNATURE: "Keep the arguments as they were handed out, their names and their order.",
    Kind.PARTLY_WRITTEN: "Is a part of it still to be written?",
    Kind.NO_GPU: 'There is no GPU here: posekit.device() says what there is; do not write "cuda" yourself.',
    Kind.UNHASHABLE: "An array cannot be a key: functools.lru_cache, dicts and sets do not take arrays.",
    Kind.NO_INPUT: "Nobody can type here: take input() out.",
    Kind.DEBUGGER: "Take breakpoint() out: nobody can type here.",
    Kind.NO_ATTRIBUTE: "It may have another name in this version, or be gone.",
    Kind.NO_NAME: "Is it spelled right, and is the cell that defines it above this one?",
    Kind.NO_MODULE: "Use what the course installs: this library is not there.",
    Kind.MEMORY: "Is there an array that is much larger than what goes in and what comes back?",
}
