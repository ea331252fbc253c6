"""A few lines that drive a student's torch module, or the gradient of a student's function, on the student's side.

Each takes the object first and gives back plain data or tensors; the judge compares them.
"""

from __future__ import annotations

from typing import Any

import torch


def forward(module: torch.nn.Module, *inputs: Any) -> Any:
    """The module's output, as it is: a tensor or a tuple of tensors."""
    with torch.no_grad():
        return module(*inputs)


def state(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Copies of parameters and buffers by name."""
    return {name: tensor.detach().clone() for name, tensor in module.state_dict().items()}


def load(module: torch.nn.Module, values: dict[str, torch.Tensor]) -> None:
    """Strict loading of a state dict; raises torch's RuntimeError for a missing or unexpected name or a wrong shape."""
    module.load_state_dict({name: torch.as_tensor(value) for name, value in values.items()}, strict=True)


def backward(module: Any, *inputs: torch.Tensor) -> dict[str, Any]:
    """Value of `module(*inputs).sum()` with its gradients by parameter name and by input.

    `module` may also be a function of tensors; `parameters` is empty then.
    """
    inputs = tuple(x.detach().clone().requires_grad_(x.is_floating_point()) for x in inputs)
    named = dict(module.named_parameters()) if isinstance(module, torch.nn.Module) else {}
    trained = {name: parameter for name, parameter in named.items() if parameter.requires_grad}
    value = module(*inputs).sum()
    leaves = [*trained.values(), *(x for x in inputs if x.requires_grad)]
    gradients = torch.autograd.grad(value, leaves, allow_unused=True)
    return {
        "value": value,
        "parameters": dict(zip(trained, gradients)),
        "inputs": list(gradients[len(trained) :]),
    }


def set_training(module: torch.nn.Module, training: bool) -> None:
    module.train(training)


def attribute(module: Any, path: str) -> Any:
    """A plain attribute by dotted name, "conv.kernel_size" say."""
    for name in path.split("."):
        module = getattr(module, name)
    return module
