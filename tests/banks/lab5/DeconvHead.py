"""What goes wrong, and what else is right, in `DeconvHead`."""

import torch
from torch import nn

from autograder.judge.bank import alternative, mistake


class Parts(nn.Module):
    """The parts as they should be; what a class below gets wrong it overrides."""

    settings = {"kernel_size": 4, "stride": 2, "padding": 1}
    per_keypoint = 2

    def __init__(self, in_channels, num_keypoints):
        super().__init__()
        self.scores = nn.ConvTranspose2d(in_channels, num_keypoints, **self.settings)
        self.offsets = nn.ConvTranspose2d(in_channels, self.per_keypoint * num_keypoints, **self.settings)

    def pair(self, offsets):
        B, C, h, w = offsets.shape
        return offsets.reshape(B, C // 2, 2, h, w)

    def forward(self, features):
        return self.scores(features), self.pair(self.offsets(features))


@mistake("makes one offset per keypoint", hint="`offsets` to 2K")
class OneOffset(Parts):
    per_keypoint = 1

    def pair(self, offsets):
        return torch.stack([offsets, offsets], dim=2)


@mistake("has kernels of 3", hint="kernel 4")
class KernelOfThree(Parts):
    settings = {"kernel_size": 3, "stride": 2, "padding": 1, "output_padding": 1}


@mistake("has no bias", hint="padding 1 and a bias")
class NoBias(Parts):
    settings = {"kernel_size": 4, "stride": 2, "padding": 1, "bias": False}


@mistake("keeps both in one convolution", hint="Two nn.ConvTranspose2d")
class OneConvolution(nn.Module):
    def __init__(self, in_channels, num_keypoints):
        super().__init__()
        self.maps = nn.ConvTranspose2d(in_channels, 3 * num_keypoints, 4, 2, 1)

    def forward(self, features):
        maps = self.maps(features)
        K = maps.shape[1] // 3
        return maps[:, :K], maps[:, K:].unflatten(1, (K, 2))


@mistake("interpolates and convolves instead of a transposed convolution", hint="Two nn.ConvTranspose2d")
class UpsampleAndConvolve(Parts):
    def __init__(self, in_channels, num_keypoints):
        super().__init__(in_channels, num_keypoints)
        self.scores = nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(in_channels, num_keypoints, 3, padding=1))
        self.offsets = nn.Sequential(
            nn.Upsample(scale_factor=2), nn.Conv2d(in_channels, 2 * num_keypoints, 3, padding=1)
        )


@mistake("forgets the padding", hint="padding 1 and a bias")
class NoPadding(Parts):
    settings = {"kernel_size": 4, "stride": 2}


@mistake("forgets the stride", hint="h x w cells give maps of 2h x 2w")
class NoStride(Parts):
    settings = {"kernel_size": 4, "padding": 1}


@mistake("gives probabilities instead of log odds", hint="no sigmoid")
class Probabilities(Parts):
    def forward(self, features):
        scores, offsets = super().forward(features)
        return scores.sigmoid(), offsets


@mistake("rectifies the scores", hint="no ReLU")
class Rectified(Parts):
    def forward(self, features):
        scores, offsets = super().forward(features)
        return scores.relu(), offsets


@mistake("returns the offsets first", hint="Return scores first")
class OffsetsFirst(Parts):
    def forward(self, features):
        return super().forward(features)[::-1]


@mistake("returns the scores alone", hint="Return scores first, then offsets")
class ScoresAlone(Parts):
    def forward(self, features):
        return self.scores(features)


@mistake("takes all dx first and then all dy", hint="(B, 2, K, ...) is another order")
class AllXFirst(Parts):
    def pair(self, offsets):
        B, C, h, w = offsets.shape
        return offsets.reshape(B, 2, C // 2, h, w).transpose(1, 2)


@mistake("leaves the axis of x and y in front of the keypoints", hint="(B, 2, K, ...) is another order")
class AxesExchanged(Parts):
    def pair(self, offsets):
        B, C, h, w = offsets.shape
        return offsets.reshape(B, 2, C // 2, h, w)


@mistake("leaves the offsets in 2K channels", hint="(B, K, 2, 2h, 2w)")
class NotPaired(Parts):
    def pair(self, offsets):
        return offsets


@mistake("exchanges dx and dy", hint="channel 2k of the convolution is dx")
class XAndYExchanged(Parts):
    def pair(self, offsets):
        return super().pair(offsets).flip(2)


@mistake("puts the axis of x and y last", hint="(B, K, 2, 2h, 2w)")
class PairsLast(Parts):
    def pair(self, offsets):
        return super().pair(offsets).movedim(2, -1)


@mistake("bounds the offsets by tanh", hint="as it stands")
class Bounded(Parts):
    def pair(self, offsets):
        return super().pair(offsets).tanh()


@mistake("does not let the offsets teach the features", hint="from both maps")
class DetachedOffsets(Parts):
    def forward(self, features):
        return self.scores(features), self.pair(self.offsets(features.detach()))


@mistake("gives a dict", hint="two things, (scores, offsets)")
class AsADict(Parts):
    def forward(self, features):
        scores, offsets = super().forward(features)
        return {"scores": scores, "offsets": offsets}


@alternative
class ByView(Parts):
    def forward(self, features):
        offsets = self.offsets(features)
        B, _, h, w = offsets.shape
        return self.scores(features), offsets.view(B, -1, 2, h, w)


@alternative
class ByStacking(Parts):
    def forward(self, features):
        offsets = self.offsets(features)
        return [self.scores(features), torch.stack([offsets[:, ::2], offsets[:, 1::2]], dim=2)]
