"""What goes wrong, and what else is right, in `FeatureCNN`."""

import torch
import torch.nn.functional as F
from torch import nn

from autograder.judge.bank import alternative, mistake


def three_by_three(inputs, outputs, **options):
    return nn.Conv2d(inputs, outputs, 3, **{"padding": 1} | options)


class Network(nn.Module):
    """Three layers, from which most of the classes below start."""

    def __init__(self, num_keypoints, width=16, in_channels=1):
        super().__init__()
        self.first = three_by_three(in_channels, width)
        self.second = three_by_three(width, width)
        self.last = three_by_three(width, num_keypoints)

    def forward(self, images):
        return self.last(torch.relu(self.second(torch.relu(self.first(images)))))


@mistake("does not pad", hint="pad each layer")
class Unpadded(Network):
    def __init__(self, num_keypoints, width=16, in_channels=1):
        super().__init__(num_keypoints, width, in_channels)
        for layer in (self.first, self.second, self.last):
            layer.padding = (0, 0)


@mistake("makes the logits smaller by pooling", hint="so that the size stays")
class Pools(Network):
    def forward(self, images):
        return F.max_pool2d(super().forward(images), 2)


@mistake("ends in a ReLU", hint="logits have both signs")
class EndsInRelu(Network):
    def forward(self, images):
        return torch.relu(super().forward(images))


@mistake("ends in a sigmoid", hint="logits have both signs")
class EndsInSigmoid(Network):
    def forward(self, images):
        return torch.sigmoid(super().forward(images))


@mistake("takes grey images only", hint="in_channels")
class GreyOnly(Network):
    def __init__(self, num_keypoints, width=16, in_channels=1):
        super().__init__(num_keypoints, width, 1)


@mistake("gives one map for all keypoints", hint="num_keypoints")
class OneMap(Network):
    def __init__(self, num_keypoints, width=16, in_channels=1):
        super().__init__(1, width, in_channels)


@mistake("has no ReLUs", hint="the network is linear")
class Linear(Network):
    def forward(self, images):
        return self.last(self.second(self.first(images)))


@mistake("has two layers", hint="At least three convolutions")
class TwoLayers(nn.Module):
    def __init__(self, num_keypoints, width=16, in_channels=1):
        super().__init__()
        self.layers = nn.Sequential(three_by_three(in_channels, width), nn.ReLU(), three_by_three(width, num_keypoints))

    def forward(self, images):
        return self.layers(images)


@mistake("ignores the width", hint="`width` features in each hidden layer")
class IgnoresWidth(Network):
    def __init__(self, num_keypoints, width=16, in_channels=1):
        super().__init__(num_keypoints, 16, in_channels)


@mistake("has another width unless told", hint="width is 16 unless given")
class OtherDefault(Network):
    def __init__(self, num_keypoints, width=32, in_channels=1):
        super().__init__(num_keypoints, width, in_channels)


@mistake("uses kernels of five by five", hint="3 x 3 kernels")
class LargeKernels(nn.Module):
    def __init__(self, num_keypoints, width=16, in_channels=1):
        super().__init__()
        sizes = [in_channels, width, width]
        hidden = [[nn.Conv2d(a, b, 5, padding=2), nn.ReLU()] for a, b in zip(sizes, sizes[1:])]
        self.layers = nn.Sequential(*sum(hidden, []), nn.Conv2d(width, num_keypoints, 5, padding=2))

    def forward(self, images):
        return self.layers(images)


@mistake("keeps its layers in a list that torch does not see", hint="found 0 layers")
class HiddenFromTorch(nn.Module):
    def __init__(self, num_keypoints, width=16, in_channels=1):
        super().__init__()
        self.layers = [
            three_by_three(in_channels, width),
            nn.ReLU(),
            three_by_three(width, width),
            nn.ReLU(),
            three_by_three(width, num_keypoints),
        ]

    def forward(self, images):
        for layer in self.layers:
            images = layer(images)
        return images


@mistake("pools and enlarges again", hint="A shifted image")
class PoolsAndEnlarges(Network):
    def forward(self, images):
        hidden = torch.relu(self.second(F.max_pool2d(torch.relu(self.first(images)), 2)))
        return F.interpolate(self.last(hidden), size=images.shape[2:])


@mistake("strides and enlarges again", hint="A shifted image")
class StridesAndEnlarges(Network):
    def forward(self, images):
        hidden = torch.relu(self.second(torch.relu(self.first(images))[:, :, ::2, ::2]))
        return F.interpolate(self.last(hidden), size=images.shape[2:], mode="bilinear")


@mistake("tells its layers where they are", hint="depends on the position")
class KnowsThePosition(Network):
    def __init__(self, num_keypoints, width=16, in_channels=1):
        super().__init__(num_keypoints, width, in_channels + 1)

    def forward(self, images):
        ramp = torch.linspace(-1.0, 1.0, images.shape[-1]) + torch.linspace(-1.0, 1.0, images.shape[-2])[:, None]
        return super().forward(torch.cat([images, ramp.expand(len(images), 1, -1, -1)], dim=1))


@mistake("forgets the second ReLU", hint="with no ReLU between")
class ForgetsTheSecondReLU(Network):
    def forward(self, images):
        return self.last(self.second(torch.relu(self.first(images))))


@mistake("forgets the first ReLU", hint="with no ReLU between")
class ForgetsTheFirstReLU(Network):
    def forward(self, images):
        return self.last(torch.relu(self.second(self.first(images))))


@mistake("normalises instead of a ReLU", hint="with no ReLU between")
class NormalisesOnly(Network):
    def __init__(self, num_keypoints, width=16, in_channels=1):
        super().__init__(num_keypoints, width, in_channels)
        self.norm = nn.BatchNorm2d(width)

    def forward(self, images):
        return self.last(self.norm(self.second(torch.relu(self.first(images)))))


@mistake("takes maxima of neighbours", hint="no pooling is wanted")
class PoolsWithoutStride(Network):
    def forward(self, images):
        hidden = F.max_pool2d(torch.relu(self.first(images)), 3, stride=1, padding=1)
        return self.last(torch.relu(self.second(hidden)))


@mistake("takes means of neighbours", hint="no pooling is wanted")
class AveragesNeighbours(Network):
    def __init__(self, num_keypoints, width=16, in_channels=1):
        super().__init__(num_keypoints, width, in_channels)
        self.pool = nn.AvgPool2d(3, stride=1, padding=1)

    def forward(self, images):
        return self.last(self.pool(torch.relu(self.second(torch.relu(self.first(images))))))


@mistake("uses one layer twice", hint="each has weights of its own")
class UsesALayerTwice(Network):
    def forward(self, images):
        hidden = torch.relu(self.second(torch.relu(self.first(images))))
        return self.last(torch.relu(self.second(hidden)))


@mistake("has sigmoids in its hidden layers", hint="A sigmoid or tanh in a hidden layer")
class HiddenSigmoids(Network):
    def forward(self, images):
        return self.last(torch.sigmoid(self.second(torch.sigmoid(self.first(images)))))


@mistake("puts out what is negative in the images", hint="The images come as they are, of both signs")
class ReluFirst(Network):
    def forward(self, images):
        return super().forward(torch.relu(images))


@mistake("cuts the features off from the gradient", hint="gradients reach every layer")
class Detached(Network):
    def forward(self, images):
        return self.last(torch.relu(self.second(torch.relu(self.first(images)))).detach())


@mistake("computes the features without gradients", hint="gradients reach every layer")
class WithoutGradients(Network):
    def forward(self, images):
        with torch.no_grad():
            features = torch.relu(self.first(images))
        return self.last(torch.relu(self.second(features)))


@mistake("drops the axis of a single image", hint="Images (B, in_channels, H, W) give logits (B, num_keypoints, H, W)")
class SqueezesOne(Network):
    def forward(self, images):
        return super().forward(images).squeeze(0)


@alternative
class Functional(Network):
    pass


@alternative
class WithSpread(nn.Module):
    def __init__(self, num_keypoints, width=16, in_channels=1):
        super().__init__()
        layers, channels = [], in_channels
        for d in (1, 2, 4, 8):
            layers += [three_by_three(channels, width, padding=d, dilation=d), nn.ReLU()]
            channels = width
        self.features = nn.Sequential(*layers)
        self.head = nn.Conv2d(width, num_keypoints, 1)

    def forward(self, images):
        return self.head(self.features(images))


@alternative
class Normalised(nn.Module):
    def __init__(self, num_keypoints, width=16, in_channels=1):
        super().__init__()
        self.layers = nn.Sequential(
            three_by_three(in_channels, width, padding="same", bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            three_by_three(width, width, padding="same", bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            three_by_three(width, 2 * width),
            nn.LeakyReLU(0.1),
            three_by_three(2 * width, num_keypoints, bias=False),
        )

    def forward(self, images):
        return self.layers(images)


@alternative
class WithSkips(nn.Module):
    def __init__(self, num_keypoints, width=16, in_channels=1):
        super().__init__()
        self.stem = three_by_three(in_channels, width)
        self.blocks = nn.ModuleList([three_by_three(width, width) for _ in range(3)])
        self.head = three_by_three(width, num_keypoints)

    def forward(self, images):
        hidden = F.relu(self.stem(images))
        for block in self.blocks:
            hidden = hidden + F.relu(block(hidden))
        return self.head(hidden)


@alternative
class WithAProjection(Network):
    def __init__(self, num_keypoints, width=16, in_channels=1):
        super().__init__(num_keypoints, width, in_channels)
        self.around = nn.Conv2d(in_channels, width, 1)

    def forward(self, images):
        hidden = F.gelu(self.second(F.gelu(self.first(images))) + self.around(images))
        return self.last(hidden)


@alternative
class CutsAtZero(Network):
    def forward(self, images):
        for layer in (self.first, self.second):
            images = layer(images)
            images = images * (images > 0)
        return self.last(images)


@alternative
class ChangesInPlace(nn.Module):
    def __init__(self, num_keypoints, width=16, in_channels=1):
        super().__init__()
        self.layers = nn.Sequential(
            three_by_three(in_channels, width),
            nn.ReLU(inplace=True),
            nn.Dropout2d(0.1),
            three_by_three(width, width),
            nn.ReLU(inplace=True),
            three_by_three(width, num_keypoints),
        )

    def forward(self, images):
        return self.layers(images)
