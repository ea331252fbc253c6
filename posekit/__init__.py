"""What the labs hand the student: the rat's data, drawing, cameras, the skeleton, and where to train."""

from posekit.hardware import autocast, device, grad_scaler

__all__ = ["autocast", "device", "grad_scaler"]
