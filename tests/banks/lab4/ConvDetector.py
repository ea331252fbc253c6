"""What goes wrong, and what else is right, in `ConvDetector`."""

import torch
import torch.nn.functional as F
from torch import nn

from autograder.judge.bank import alternative, mistake


def refuse_even(patch_size):
    if patch_size % 2 == 0:
        raise ValueError(f"even patch size {patch_size}")


class Detector(nn.Module):
    """What most of the classes below start from."""

    def __init__(self, num_keypoints, patch_size, in_channels=1, **options):
        super().__init__()
        refuse_even(patch_size)
        self.conv = nn.Conv2d(in_channels, num_keypoints, patch_size, **{"padding": patch_size // 2} | options)

    def forward(self, images):
        return self.conv(images)


@mistake("does not pad", hint="padded by patch_size // 2")
class Unpadded(Detector):
    def __init__(self, num_keypoints, patch_size, in_channels=1):
        super().__init__(num_keypoints, patch_size, in_channels, padding=0)


@mistake("pads by the whole patch", hint="padded by patch_size // 2")
class PadsTooMuch(Detector):
    def __init__(self, num_keypoints, patch_size, in_channels=1):
        super().__init__(num_keypoints, patch_size, in_channels, padding=patch_size)


@mistake("pads by one, which fits kernels of three only", hint="padded by patch_size // 2")
class PadsByOne(Detector):
    def __init__(self, num_keypoints, patch_size, in_channels=1):
        super().__init__(num_keypoints, patch_size, in_channels, padding=1)


@mistake("repeats the edge instead of padding with zeros", hint="zeros on each side")
class Replicates(Detector):
    def __init__(self, num_keypoints, patch_size, in_channels=1):
        super().__init__(num_keypoints, patch_size, in_channels, padding_mode="replicate")


@mistake("has no bias", hint="with a bias")
class NoBias(Detector):
    def __init__(self, num_keypoints, patch_size, in_channels=1):
        super().__init__(num_keypoints, patch_size, in_channels, bias=False)


@mistake("gives its layer another name", hint="called `conv`")
class OtherName(nn.Module):
    def __init__(self, num_keypoints, patch_size, in_channels=1):
        super().__init__()
        refuse_even(patch_size)
        self.layer = nn.Conv2d(in_channels, num_keypoints, patch_size, padding=patch_size // 2)

    def forward(self, images):
        return self.layer(images)


@mistake("swaps keypoints and channels", hint="from in_channels to num_keypoints")
class SwapsChannels(Detector):
    def __init__(self, num_keypoints, patch_size, in_channels=1):
        super().__init__(in_channels, patch_size, num_keypoints)


@mistake("gives probabilities", hint="without a sigmoid")
class Probabilities(Detector):
    def forward(self, images):
        return torch.sigmoid(self.conv(images))


@mistake("ends in a ReLU", hint="gives back what it gives")
class EndsInRelu(Detector):
    def forward(self, images):
        return torch.relu(self.conv(images))


@mistake("takes a stride of two", hint="as large as the image")
class Strided(Detector):
    def __init__(self, num_keypoints, patch_size, in_channels=1):
        super().__init__(num_keypoints, patch_size, in_channels, stride=2)


@mistake("uses one kernel for all channels", hint="from in_channels")
class OneChannel(Detector):
    def __init__(self, num_keypoints, patch_size, in_channels=1):
        super().__init__(num_keypoints, patch_size, 1)

    def forward(self, images):
        return self.conv(images.mean(dim=1, keepdim=True))


@mistake("cuts the gradient off", hint="gradients must reach both")
class Detached(Detector):
    def forward(self, images):
        return self.conv(images).detach()


@mistake("does not train its bias", hint="gradients must reach both")
class FrozenBias(Detector):
    def __init__(self, num_keypoints, patch_size, in_channels=1):
        super().__init__(num_keypoints, patch_size, in_channels)
        self.conv.bias.requires_grad = False


@mistake("asks for the number of channels", hint="`in_channels` is 1 unless given")
class NoDefault(Detector):
    def __init__(self, num_keypoints, patch_size, in_channels):
        super().__init__(num_keypoints, patch_size, in_channels)


@mistake("accepts even patches", hint="even patch")
class AcceptsEven(nn.Module):
    def __init__(self, num_keypoints, patch_size, in_channels=1):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, num_keypoints, patch_size, padding="same")

    def forward(self, images):
        return self.conv(images)


@mistake("refuses a patch of one pixel", hint="1 included")
class RefusesOne(Detector):
    def __init__(self, num_keypoints, patch_size, in_channels=1):
        if patch_size < 2:
            raise ValueError("patch too small")
        super().__init__(num_keypoints, patch_size, in_channels)


@mistake("asserts instead of raising a ValueError", hint="raise a ValueError")
class Asserts(Detector):
    def __init__(self, num_keypoints, patch_size, in_channels=1):
        assert patch_size % 2 == 1
        super().__init__(num_keypoints, patch_size, in_channels)


@mistake("casts images to single precision", hint="in whatever precision")
class CastsToSingle(Detector):
    def forward(self, images):
        return self.conv(images.float())


@mistake("gives logits in double precision", hint="gives back what it gives")
class GivesDouble(Detector):
    def forward(self, images):
        return self.conv(images).double()


@mistake("drops the axis of a single image", hint="for one image as for many")
class SqueezesOne(Detector):
    def forward(self, images):
        return super().forward(images).squeeze(0)


@alternative
class SaysSame(Detector):
    def __init__(self, num_keypoints, patch_size, in_channels=1):
        super().__init__(num_keypoints, patch_size, in_channels, padding="same")


@alternative
class PadsItself(Detector):
    def __init__(self, num_keypoints, patch_size, in_channels=1):
        super().__init__(num_keypoints, patch_size, in_channels, padding=0)
        self.margin = patch_size // 2

    def forward(self, images):
        return self.conv(F.pad(images, (self.margin,) * 4))


@alternative
class StartsAtZero(Detector):
    def __init__(self, num_keypoints, patch_size, in_channels=1):
        super().__init__(num_keypoints, patch_size, in_channels)
        nn.init.zeros_(self.conv.weight)
        nn.init.constant_(self.conv.bias, -4.0)


@alternative
class CallsTheFunction(Detector):
    def forward(self, images):
        return F.conv2d(images, self.conv.weight, self.conv.bias, padding=self.conv.weight.shape[-1] // 2)
