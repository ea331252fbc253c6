"""Where networks are trained: one code path for two laptop cores and for a GPU."""

from __future__ import annotations

from contextlib import AbstractContextManager
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # torch takes a second to import, and most labs do without
    import torch


def device() -> torch.device:
    """The GPU where there is one (on Colab: Runtime → Change runtime type → GPU), else the CPU.

    Move the model and each batch there: `model.to(device())`, `images.to(device())`.
    """
    torch = _torch()
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def autocast(where: torch.device) -> AbstractContextManager[None]:
    """Mixed precision for the forward pass and the loss on a GPU; a context that changes nothing on a CPU."""
    torch = _torch()
    return torch.autocast(
        where.type, dtype=torch.float16 if where.type == "cuda" else None, enabled=where.type == "cuda"
    )


def grad_scaler(where: torch.device) -> torch.amp.GradScaler:
    """Keeps small float16 gradients from vanishing on a GPU; on a CPU it hands losses and steps through as they are.

    Use it as `scaler.scale(loss).backward()`, `scaler.step(optimizer)`, `scaler.update()`.
    """
    return _torch().amp.GradScaler(where.type, enabled=where.type == "cuda")


def _torch() -> ModuleType:
    try:
        import torch
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            "networks are trained with torch, which is not installed here: pip install torch", name="torch"
        ) from None
    return torch
