"""Messages of Python, NumPy and torch that may be shown although the function that raised them has seen a secret input.

A student can raise anything, and put anything into a message. What is shown is therefore one of these sentences, with words that stand in
the notebook anyhow or name a type that everybody knows; numbers, which could be made to say anything, are left out.
"""

from __future__ import annotations

import builtins
import re
from dataclasses import dataclass
from functools import cached_property
from importlib import metadata

from autograder.outcome import Kind

# {name} stands in the notebook, {type} there or among `TYPES`; of {number} no more is shown than that there is one. What follows is
# cut off.
SENTENCES: tuple[tuple[str, Kind], ...] = (
    # Python
    ("name '{name}' is not defined", Kind.NO_NAME),
    ("cannot access local variable '{name}' where it is not associated with a value", Kind.NO_NAME),
    ("cannot access free variable '{name}' where it is not associated with a value in enclosing scope", Kind.NO_NAME),
    ("module '{name}' has no attribute '{name}'", Kind.NO_ATTRIBUTE),
    ("cannot import name '{name}' from '{name}'", Kind.NO_ATTRIBUTE),
    ("No module named '{name}'", Kind.NO_MODULE),
    ("'{type}' object has no attribute '{name}'", Kind.EXCEPTION),
    ("unhashable type: '{type}'", Kind.UNHASHABLE),
    ("'{type}' object is not callable", Kind.EXCEPTION),
    ("'{type}' object is not subscriptable", Kind.EXCEPTION),
    ("'{type}' object is not iterable", Kind.EXCEPTION),
    ("cannot unpack non-iterable {type} object", Kind.EXCEPTION),
    ("'{type}' object is not an iterator", Kind.EXCEPTION),
    ("'{type}' object does not support item assignment", Kind.EXCEPTION),
    ("'{type}' object cannot be interpreted as an integer", Kind.EXCEPTION),
    ("object of type '{type}' has no len()", Kind.EXCEPTION),
    ("unsupported operand type(s) for {operator}: '{type}' and '{type}'", Kind.EXCEPTION),
    ("bad operand type for unary {operator}: '{type}'", Kind.EXCEPTION),
    ("'{operator}' not supported between instances of '{type}' and '{type}'", Kind.EXCEPTION),
    ("can't multiply sequence by non-int of type '{type}'", Kind.EXCEPTION),
    ('can only concatenate {type} (not "{type}") to {type}', Kind.EXCEPTION),
    ("{type} indices must be integers or slices, not {type}", Kind.EXCEPTION),
    ("only length-1 arrays can be converted to Python scalars", Kind.EXCEPTION),
    ("only 0-dimensional arrays can be converted to Python scalars", Kind.EXCEPTION),
    ("{name}() missing {number} required positional argument", Kind.EXCEPTION),
    ("{name}() missing {number} required keyword-only argument", Kind.EXCEPTION),
    ("{name}() takes {number} positional argument", Kind.EXCEPTION),
    ("{name}() takes from {number} to {number} positional arguments", Kind.EXCEPTION),
    ("{name}() got an unexpected keyword argument '{name}'", Kind.EXCEPTION),
    ("{name}() got multiple values for argument '{name}'", Kind.EXCEPTION),
    ("not enough values to unpack (expected {number}, got {number})", Kind.EXCEPTION),
    ("too many values to unpack (expected {number})", Kind.EXCEPTION),
    ("list index out of range", Kind.EXCEPTION),
    ("tuple index out of range", Kind.EXCEPTION),
    ("string index out of range", Kind.EXCEPTION),
    ("pop from empty list", Kind.EXCEPTION),
    ("dictionary changed size during iteration", Kind.EXCEPTION),
    ("division by zero", Kind.EXCEPTION),
    ("float division by zero", Kind.EXCEPTION),
    ("integer modulo by zero", Kind.EXCEPTION),
    ("math domain error", Kind.EXCEPTION),
    ("math range error", Kind.EXCEPTION),
    ("maximum recursion depth exceeded", Kind.EXCEPTION),
    ("max() arg is an empty sequence", Kind.EXCEPTION),
    ("max() iterable argument is empty", Kind.EXCEPTION),
    ("min() iterable argument is empty", Kind.EXCEPTION),
    ("EOF when reading a line", Kind.NO_INPUT),
    # NumPy
    ("The truth value of an array with more than one element is ambiguous. Use a.any() or a.all()", Kind.EXCEPTION),
    ("setting an array element with a sequence.", Kind.EXCEPTION),
    ("operands could not be broadcast together", Kind.EXCEPTION),
    ("could not broadcast input array", Kind.EXCEPTION),
    ("cannot reshape array", Kind.EXCEPTION),
    ("shapes {number} and {number} not aligned", Kind.EXCEPTION),
    ("matmul: Input operand {number} has a mismatch in its core dimension {number}", Kind.EXCEPTION),
    ("matmul: Input operand {number} does not have enough dimensions", Kind.EXCEPTION),
    ("all the input array dimensions except for the concatenation axis must match exactly", Kind.EXCEPTION),
    ("all the input arrays must have same number of dimensions", Kind.EXCEPTION),
    ("all input arrays must have the same shape", Kind.EXCEPTION),
    ("index {number} is out of bounds for axis {number} with size {number}", Kind.EXCEPTION),
    ("axis {number} is out of bounds for array of dimension {number}", Kind.EXCEPTION),
    ("too many indices for array", Kind.EXCEPTION),
    ("invalid index to scalar variable", Kind.EXCEPTION),
    ("boolean index did not match indexed array", Kind.EXCEPTION),
    ("arrays used as indices must be of integer (or boolean) type", Kind.EXCEPTION),
    ("only integers, slices (`:`), ellipsis (`...`), numpy.newaxis (`None`) and integer or boolean arrays are valid indices",
     Kind.EXCEPTION),
    ("only integer scalar arrays can be converted to a scalar index", Kind.EXCEPTION),
    ("shape mismatch: indexing arrays could not be broadcast together", Kind.EXCEPTION),
    ("zero-size array to reduction operation {word} which has no identity", Kind.EXCEPTION),
    ("attempt to get argmax of an empty sequence", Kind.EXCEPTION),
    ("attempt to get argmin of an empty sequence", Kind.EXCEPTION),
    ("Cannot cast ufunc '{word}' {word} from {dtype} to {dtype} with casting rule '{word}'", Kind.EXCEPTION),
    ("ufunc '{word}' not supported for the input types", Kind.EXCEPTION),
    ("assignment destination is read-only", Kind.EXCEPTION),
    ("output array is read-only", Kind.EXCEPTION),
    ("negative dimensions are not allowed", Kind.EXCEPTION),
    ("cannot convert float NaN to integer", Kind.EXCEPTION),
    ("cannot convert float infinity to integer", Kind.EXCEPTION),
    ("Singular matrix", Kind.EXCEPTION),
    ("Matrix is not positive definite", Kind.EXCEPTION),
    ("SVD did not converge", Kind.EXCEPTION),
    ("Last 2 dimensions of the array must be square", Kind.EXCEPTION),
    ("array must not contain infs or NaNs", Kind.EXCEPTION),
    # torch
    ("Torch not compiled with CUDA enabled", Kind.NO_GPU),
    ("Found no NVIDIA driver on your system", Kind.NO_GPU),
    ("No CUDA GPUs are available", Kind.NO_GPU),
    ("Attempting to deserialize object on a CUDA device", Kind.NO_GPU),
    ("Cannot access accelerator device when none is available", Kind.NO_GPU),
    ("The MPS backend is supported on MacOS", Kind.NO_GPU),
    ("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.", Kind.EXCEPTION),
    ("a leaf Variable that requires grad is being used in an in-place operation", Kind.EXCEPTION),
    ("element {number} of tensors does not require grad and does not have a grad_fn", Kind.EXCEPTION),
    ("Trying to backward through the graph a second time", Kind.EXCEPTION),
    ("One of the differentiated Tensors does not require grad", Kind.EXCEPTION),
    ("grad can be implicitly created only for scalar outputs", Kind.EXCEPTION),
    ("one of the variables needed for gradient computation has been modified by an inplace operation", Kind.EXCEPTION),
    ("the value has no gradient: was it detached, or computed with NumPy or under no_grad?", Kind.EXCEPTION),
    ("mat1 and mat2 shapes cannot be multiplied", Kind.EXCEPTION),
    ("mat1 and mat2 must have the same dtype", Kind.EXCEPTION),
    ("expected scalar type {word} but found {word}", Kind.EXCEPTION),
    ("expected m1 and m2 to have the same dtype", Kind.EXCEPTION),
    ("Boolean value of Tensor with more than one value is ambiguous", Kind.EXCEPTION),
    ("a Tensor with {number} elements cannot be converted to Scalar", Kind.EXCEPTION),
    ("The size of tensor a {number} must match the size of tensor b", Kind.EXCEPTION),
    ("Sizes of tensors must match except in dimension", Kind.EXCEPTION),
    ("Module [{name}] is missing the required \"forward\" function", Kind.EXCEPTION),
    ("Error(s) in loading state_dict for {name}", Kind.EXCEPTION),
    ("Given groups={number}, weight of size {number}, expected input{number} to have {number} channels, but got {number} channels",
     Kind.EXCEPTION),
    ("cannot assign module before Module.__init__() call", Kind.EXCEPTION),
    ("cannot assign parameters before Module.__init__() call", Kind.EXCEPTION),
    ("tensors used as indices must be long, int, byte or bool tensors", Kind.EXCEPTION),
)  # fmt: skip
TYPES = frozenset(
    {"ndarray", "numpy.ndarray", "Tensor", "NoneType", "function", "method", "builtin_function_or_method", "module",
     "generator", "ellipsis", "Parameter", "Generator", "numpy.random._generator.Generator"}
    | {f"numpy.{kind}{bits}" for kind in ("int", "uint", "float", "complex") for bits in (8, 16, 32, 64, 128)}
    | {"numpy.bool", "numpy.bool_", "numpy.str_"}
    | {name for name, value in vars(builtins).items() if isinstance(value, type)}
)  # fmt: skip
WORDS = frozenset(
    "add subtract multiply divide true_divide floor_divide power maximum minimum argmax argmin sqrt exp log log1p square "
    "absolute negative isfinite isnan input output same_kind safe Float Double Half BFloat16 Long Int Short Byte Char Bool "
    "ComplexFloat ComplexDouble".split()
)
PARTS = {
    "name": r"[A-Za-z_][\w.]*",
    "type": r"[A-Za-z_][\w.]*",
    "word": r"\w+",
    "dtype": r"dtype\('(?:(?:float|int|uint|complex)(?:8|16|32|64|128)|bool|O)'\)",
    "operator": r"(?:\*\*|//|<<|>>|<=|>=|[-+*/%@&|^<>~])(?:=|(?=\W))(?: or pow\(\))?",
    "number": r"[(\[]?-?[\d, ]+[)\]]?",
}
CLASSES = {"BdbQuit": Kind.DEBUGGER}  # what `breakpoint()` ends in where nobody can type
# Exceptions that are not Python's own; all others are called by their first base that is.
FAMILIAR = frozenset({"LinAlgError", "AxisError", "OutOfMemoryError", *CLASSES})


@dataclass(frozen=True)
class _Sentence:
    text: str
    kind: Kind

    @cached_property
    def parts(self) -> list[str]:
        return re.findall(r"\{(\w+)\}", self.text)

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        pieces = re.split(r"\{(\w+)\}", self.text)
        return re.compile("".join(f"({PARTS[p]})" if i % 2 else re.escape(p) for i, p in enumerate(pieces)))

    def shown(self, message: str, code: str) -> str | None:
        """The sentence with those parts of a message that tell nothing; None where one of them may, or it is another sentence."""
        match = self.pattern.match(message)
        if match is None:
            return None
        parts = []
        for part, said in zip(self.parts, match.groups()):
            known = {"type": TYPES, "word": WORDS}.get(part, ())
            if part in ("name", "type", "word") and said not in known and not stands_in(said, code):
                return None
            parts.append("…" if part == "number" else said)
        return re.sub(r"\{\w+\}", lambda _: parts.pop(0), self.text)


_KNOWN = tuple(_Sentence(*entry) for entry in SENTENCES)


def recognise(error: str, message: str, code: str | None) -> tuple[Kind, str]:
    """The kind of an exception by its class and message, and as much of the message as may be shown.

    Parameters
    ----------
    code : str or None
        What the student has written, where the message may carry a secret; None where all of it may be shown.
    """
    if error in CLASSES:
        return CLASSES[error], ""
    for sentence in _KNOWN:
        if code is None:
            if sentence.pattern.match(message):
                return sentence.kind, message
        elif (said := sentence.shown(message, code)) is not None:
            return sentence.kind, said
    return Kind.EXCEPTION, message if code is None else ""


def stands_in(name: str, code: str) -> bool:
    """Whether each part of a dotted name is a word of the student's code; of more than three parts a message could be spelled."""
    parts = name.split(".")
    return len(parts) <= 3 and all(part and re.search(rf"(?<!\w){re.escape(part)}(?!\w)", code) for part in parts)


def version_of(message: str) -> str:
    """ "numpy 2.4.6": the library that a message about a missing name is about, where it is one that is installed."""
    for name in re.findall(r"'([A-Za-z_]\w*)", message):
        try:
            return f"{name} {metadata.version(name)}"
        except metadata.PackageNotFoundError:
            continue
    return ""
