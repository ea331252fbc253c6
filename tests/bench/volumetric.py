"""DANNCE's idea, small (Dunn et al. 2021): a network that looks at a volume in which all cameras' maps are added up.

DANNCE's cameras hand in pictures. Ours hand in what a detector says of them: a blob for each keypoint where it points, as high as it is
sure. So the volume knows how the views agree, and the network learns what bodies look like in it.
"""

import time

import numpy as np

from solutions.triangulation import project

SIDE, VOXEL = 24, 13.0  # voxels, and mm
SPREAD = 2.0  # of a blob, px
FLOOR = 0.02  # what a view leaves to places where it sees nothing: it may be wrong


def grid(centre):
    """Middles of the voxels (SIDE^3, 3) around a point, mm."""
    axis = VOXEL * (np.arange(SIDE) - (SIDE - 1) / 2)
    return np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3) + centre


def volumes(P, keypoints, confidence, centre):
    """What each view says of each voxel, (K, C, SIDE, SIDE, SIDE) in [0, 1], in one frame.

    Parameters
    ----------
    P : ndarray (C, 3, 4)
    keypoints : ndarray (K, C, 2)
        px.
    confidence : ndarray (K, C)
    centre : ndarray (3,)
        mm.
    """
    seen = project(P, grid(centre))  # (G, C, 2)
    squares = np.sum((seen[None] - keypoints[:, None]) ** 2, axis=-1)  # (K, G, C)
    blobs = confidence[:, None] * np.exp(-0.5 * squares / SPREAD**2)
    return np.nan_to_num(blobs).swapaxes(1, 2).reshape(*confidence.shape, SIDE, SIDE, SIDE).astype(np.float32)


def product_argmax(views, centre):
    """The voxel (K, 3) in which the product over the cameras is largest, mm."""
    total = np.log(views + FLOOR).sum(axis=1)
    return grid(centre)[total.reshape(len(total), -1).argmax(axis=1)]


class Network:
    """A residual stack of 3D convolutions between the mean volume and a soft arg-max, for all keypoints together.

    What it adds to the mean volume is zero at first, so that it begins as the soft arg-max of that volume.
    """

    def __init__(self, num_keypoints, seed):
        import torch  # an extra, which the rest of the bench does without
        from torch import nn

        torch.manual_seed(seed)
        self.torch, width = torch, 24
        down = [nn.Conv3d(num_keypoints, width, 3, padding=1), nn.ReLU(), nn.Conv3d(width, width, 3, 2, 1), nn.ReLU()]
        deep = [nn.Conv3d(width, width, 3, padding=1), nn.ReLU(), nn.Conv3d(width, width, 3, padding=1), nn.ReLU()]
        self.last = nn.Conv3d(width, num_keypoints, 3, padding=1)
        self.net = nn.Sequential(*down, *deep, nn.Upsample(scale_factor=2, mode="trilinear"), self.last)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)
        self.places = torch.tensor(grid(np.zeros(3)), dtype=torch.float32)

    def forward(self, mean):
        """Places (B, K, 3) beside the centre, mm, from mean volumes (B, K, SIDE, SIDE, SIDE)."""
        scores = 30.0 * mean + self.net(mean)
        return self.torch.softmax(scores.flatten(2), dim=-1) @ self.places

    def fit(self, mean, offsets, seconds, rng):
        """Train on volumes (N, K, ...) and true places (N, K, 3) beside their centres for some CPU seconds; returns the updates."""
        torch = self.torch
        optimizer = torch.optim.Adam(self.net.parameters(), lr=2e-3)
        start, updates = time.process_time(), 0
        while time.process_time() - start < seconds:
            chosen = rng.integers(len(mean), size=4)
            x, y = mean[chosen], offsets[chosen].copy()
            for _ in range(rng.integers(4)):  # quarter turns: (x, y) becomes (-y, x)
                x = np.flip(x.swapaxes(2, 3), axis=2)
                y = np.stack([-y[..., 1], y[..., 0], y[..., 2]], axis=-1)
            error = self.forward(torch.tensor(x.copy())) - torch.tensor(y, dtype=torch.float32)
            loss = error.norm(dim=-1).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            updates += 1
        return updates

    def predict(self, mean):
        with self.torch.no_grad():
            return self.forward(self.torch.tensor(mean[None]))[0].numpy().astype(float)
