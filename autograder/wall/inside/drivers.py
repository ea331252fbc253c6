"""A few lines that drive a student's torch module, or the gradient of a student's function, on the student's side.

Each takes the object first and gives back plain data or tensors; the judge compares them.
"""

from __future__ import annotations

import copy
from collections import OrderedDict
from typing import Any

import torch
from torch.overrides import TorchFunctionMode


def make(_exercise: Any, kind: str, *args: Any, **kwargs: Any) -> Any:
    """An object of torch's own: `make("nn.Conv2d", 1, 4, 3)`, `make("nn.Sequential", {"conv": conv})`, `make("optim.SGD", net, lr=0.1)`.

    A dict names the parts of a Sequential; a module stands for its parameters where an optimizer is made.
    """
    package, name = kind.split(".")
    if package == "optim":
        args = tuple(x.parameters() if isinstance(x, torch.nn.Module) else x for x in args)
    args = tuple(OrderedDict(x) if isinstance(x, dict) else x for x in args)
    return getattr(getattr(torch, package), name)(*args, **kwargs)


def forward(module: torch.nn.Module, *inputs: Any) -> Any:
    """The module's output, as it is: a tensor or a tuple of tensors."""
    with torch.no_grad():
        return module(*inputs)


def forward_in_double(module: torch.nn.Module, *inputs: Any) -> Any:
    """The output of a copy in double precision, for the same numbers."""
    double = [x.double() if isinstance(x, torch.Tensor) and x.is_floating_point() else x for x in inputs]
    return forward(copy.deepcopy(module).double(), *double)


class _Watch(TorchFunctionMode):
    """Notes which of torch's functions are called, and what convolutions are given and give."""

    def __init__(self):
        super().__init__()
        self.names: list[str] = []
        self.convolutions: list[dict[str, Any]] = []
        self._weights: list[Any] = []

    def __torch_function__(self, function, types, args=(), kwargs=None):
        value = function(*args, **(kwargs or {}))
        name = getattr(function, "__name__", "")
        self.names.append(name[:80])
        if name == "conv2d":
            given = [*args, *(kwargs or {}).values()]
            same = [n for n, weight in enumerate(self._weights) if weight is given[1]]
            self._weights.append(given[1])
            self.convolutions.append({"input": given[0].clone(), "output": value.clone(), "again": bool(same)})
        return value


def watch(module: torch.nn.Module, *inputs: Any) -> dict[str, Any]:
    """Names of torch's functions in the order in which a forward pass calls them, and its convolutions.

    Of each convolution `input` and `output`, and whether its weights were used `again`.
    """
    with torch.no_grad(), _Watch() as seen:
        module(*inputs)
    return {"functions": seen.names, "convolutions": seen.convolutions}


def call_with_iterator(function: Any, position: int, *args: Any) -> Any:
    """Call a function with an iterator, which can be gone through once and has no length, in place of the list at that position."""
    return function(*(iter(x) if n == position else x for n, x in enumerate(args)))


def state(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Copies of parameters and buffers by name."""
    return {name: tensor.detach().clone() for name, tensor in module.state_dict().items()}


def shapes(module: torch.nn.Module) -> dict[str, tuple[int, ...]]:
    """Shapes of the parameters by name; without their values, which may be many."""
    return {name: tuple(parameter.shape) for name, parameter in module.named_parameters()}


def hooks(module: torch.nn.Module) -> int:
    """How many forward and backward hooks the module and its parts carry."""
    kinds = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    return sum(len(getattr(part, kind)) for part in module.modules() for kind in kinds)


def shared(module: torch.nn.Module) -> dict[str, str]:
    """Second names of parameters that the module holds twice, with their first ones."""
    first: dict[int, str] = {}
    named = module.named_parameters(remove_duplicate=False)
    return {name: first[id(p)] for name, p in named if first.setdefault(id(p), name) != name}


def load(module: torch.nn.Module, values: dict[str, torch.Tensor]) -> dict[str, Any]:
    """Load a state dict where it fits; what the module lacks, has too many, and has in another shape."""
    own = {name: tuple(tensor.shape) for name, tensor in module.state_dict().items()}
    tensors = {name: torch.as_tensor(value) for name, value in values.items()}
    other = {name: own[name] for name, t in tensors.items() if name in own and own[name] != tuple(t.shape)}
    missing, spare = [name for name in tensors if name not in own], [name for name in own if name not in tensors]
    if not (missing or spare or other):
        module.load_state_dict(tensors, strict=True)
    return {"missing": missing, "spare": spare, "other": other}


def backward(function: Any, *inputs: Any) -> dict[str, Any]:
    """The sum of everything that `function(*inputs)` gives, with its gradients by parameter name and by input.

    `function` may be a module or a function of tensors, to which a module may be an argument. `parameters` holds the gradients
    of the parameters that are to be trained (None where the value does not depend on one), `inputs` those of the tensors
    of floats among the inputs, in their order.
    """
    inputs = tuple(_leaf(x) if isinstance(x, torch.Tensor) else x for x in inputs)
    modules = [x for x in (function, *inputs) if isinstance(x, torch.nn.Module)]
    trained = {name: p for module in modules for name, p in module.named_parameters() if p.requires_grad}
    value = _total(function(*inputs))
    leaves = [*trained.values(), *(x for x in inputs if isinstance(x, torch.Tensor) and x.requires_grad)]
    if not isinstance(value, torch.Tensor) or not value.requires_grad:
        raise RuntimeError("the value has no gradient: was it detached, or computed with NumPy or under no_grad?")
    gradients = torch.autograd.grad(value, leaves, allow_unused=True)
    return {
        "value": value,
        "parameters": dict(zip(trained, gradients)),
        "inputs": list(gradients[len(trained) :]),
    }


def _leaf(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.detach().clone().requires_grad_(tensor.is_floating_point())


def _total(value: Any) -> Any:
    """The sum of all tensors in a value; what is none, a number of Python's say, has no gradient."""
    if isinstance(value, torch.Tensor):
        return value.sum()
    return sum(_total(part) for part in value) if isinstance(value, (tuple, list)) else value


def set_training(module: torch.nn.Module, training: bool) -> None:
    module.train(training)


def not_themselves(module: torch.nn.Module) -> list[str]:
    """Names of the parts whose `train()` or `eval()` gives something else than the part, as torch's own do."""
    parts = [(name or "the module", part) for name, part in module.named_modules()]
    return [name for name, part in parts if part.train() is not part or part.eval() is not part]


def attribute(module: Any, path: str) -> Any:
    """A plain attribute by dotted name, "conv.kernel_size" say."""
    for name in path.split("."):
        module = getattr(module, name)
    return module
