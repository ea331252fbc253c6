"""What goes wrong, and what else is right, in `receptive_field`."""

import numpy as np
import torch
from torch.nn import functional as F

from autograder.judge.bank import alternative, mistake


@mistake("ignores the strides", hint="times the stride of its *input*")
def without_strides(layers):
    return 1 + sum(kernel - 1 for kernel, _ in layers)


@mistake("counts a layer's own stride for its own kernel", hint="the stride of its *input*")
def own_stride_first(layers):
    field, stride = 1, 1
    for kernel, step in layers:
        stride *= step
        field += (kernel - 1) * stride
    return field


@mistake("adds the kernel instead of one less", hint="(k - 1) times")
def whole_kernels(layers):
    field, stride = 1, 1
    for kernel, step in layers:
        field += kernel * stride
        stride *= step
    return field


@mistake("starts from a window of zero", hint="Start from a window of 1")
def starts_from_zero(layers):
    field, stride = 0, 1
    for kernel, step in layers:
        field += (kernel - 1) * stride
        stride *= step
    return field


@mistake("adds up the strides instead of multiplying them", hint="the product of the strides")
def strides_added(layers):
    field, stride = 1, 1
    for kernel, step in layers:
        field += (kernel - 1) * stride
        stride += step - 1
    return field


@mistake("takes the layers from the top down", hint="the strides below it")
def from_the_top(layers):
    field, stride = 1, 1
    for kernel, step in reversed(layers):
        field += (kernel - 1) * stride
        stride *= step
    return field


@mistake("returns the stride", hint="Start from a window of 1")
def the_stride(layers):
    stride = 1
    for _, step in layers:
        stride *= step
    return stride


@mistake("fails without layers", hint="the answer without layers")
def needs_a_layer(layers):
    field, stride = layers[0]
    for kernel, step in layers[1:]:
        field += (kernel - 1) * stride
        stride *= step
    return field


@mistake("remembers the stride of the last layer only", hint="the product of the strides")
def last_stride_only(layers):
    field, stride = 1, 1
    for kernel, step in layers:
        field += (kernel - 1) * stride
        stride = step
    return field


@mistake("counts pixels in floats", hint="which is no int")
def in_floats(layers):
    strides = np.cumprod([1.0] + [stride for _, stride in layers])
    return 1.0 + sum((kernel - 1) * stride for (kernel, _), stride in zip(layers, strides))


@alternative
def backwards(layers):
    field = 1
    for kernel, step in layers[::-1]:
        field = (field - 1) * step + kernel
    return field


@alternative
def by_recursion(layers):
    if len(layers) == 0:
        return 1
    kernel, step = layers[0]
    return kernel + step * (by_recursion(layers[1:]) - 1)


@alternative
def by_cumulated_strides(layers):
    kernels, steps = np.array(layers, dtype=int).reshape(-1, 2).T
    return 1 + np.sum((kernels - 1) * np.cumprod(np.append(1, steps))[: len(kernels)])


@alternative
def by_gradient(layers):
    x = y = torch.zeros(1, 1, 4096, dtype=torch.float64, requires_grad=True)
    for kernel, step in layers:
        y = F.conv1d(y, torch.ones(1, 1, kernel, dtype=torch.float64), stride=step)
    y[0, 0, 0].backward()
    seen = x.grad[0, 0].nonzero()
    return int(seen.max() - seen.min()) + 1
