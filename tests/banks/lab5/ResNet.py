"""What goes wrong, and what else is right, in `ResNet`."""

import torch
from torch import nn
from torch.nn import functional as F

from autograder.judge.bank import alternative, mistake
from solutions.transfer import BasicBlock, Bottleneck  # noqa: F401 (the checks ask for them by name)


class Parts(nn.Module):
    """The network as it should be; what a class below gets wrong it overrides."""

    def __init__(self, block, layers, width=64, num_classes=1000):
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU()
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        self.channels = width
        self.layer1 = self.stage(block, layers[0], width, 1)
        self.layer2 = self.stage(block, layers[1], 2 * width, 2)
        self.layer3 = self.stage(block, layers[2], 4 * width, 2)
        self.layer4 = self.stage(block, layers[3], 8 * width, 2)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(self.channels, num_classes)

    def stage(self, block, number, channels, stride):
        blocks = []
        for n in range(number):
            blocks.append(block(self.channels, channels, stride if n == 0 else 1))
            self.channels = channels * block.expansion
        return nn.Sequential(*blocks)

    def stem(self, x):
        return self.maxpool(self.relu(self.bn1(self.conv1(x))))

    def stages(self, x):
        return self.layer4(self.layer3(self.layer2(self.layer1(x))))

    def forward(self, x):
        return self.fc(self.avgpool(self.stages(self.stem(x))).flatten(1))


@mistake("keeps the number of channels through all stages", hint="width * 2**(n - 1) channels")
class ConstantWidth(Parts):
    def stage(self, block, number, channels, stride):
        return super().stage(block, number, self.conv1.out_channels, stride)


@mistake("doubles the channels in the first stage already", hint="11,689,512")
class DoubledTooEarly(Parts):
    def stage(self, block, number, channels, stride):
        return super().stage(block, number, 2 * channels, stride)


@mistake("always has 1000 classes", hint="the classifier fc")
class FixedClasses(Parts):
    def __init__(self, block, layers, width=64, num_classes=1000):
        super().__init__(block, layers, width)


@mistake("always has a width of 64", hint="as many blocks as `layers` says")
class FixedWidth(Parts):
    def __init__(self, block, layers, width=64, num_classes=1000):
        super().__init__(block, layers, 64, num_classes)


@mistake("builds two blocks in each stage, whatever `layers` says", hint="as many blocks as `layers` says")
class AlwaysTwoBlocks(Parts):
    def stage(self, block, number, channels, stride):
        return super().stage(block, 2, channels, stride)


@mistake("keeps the stages in a plain list", hint="a plain list of modules registers nothing")
class PlainList(Parts):
    def __init__(self, block, layers, width=64, num_classes=1000):
        super().__init__(block, layers, width, num_classes)
        self.parts = [self.layer1, self.layer2, self.layer3, self.layer4]
        del self.layer1, self.layer2, self.layer3, self.layer4

    def stages(self, x):
        for part in self.parts:
            x = part(x)
        return x


@mistake("keeps the stages in a list of modules under another name", hint="layer1 ... layer4")
class ModuleList(PlainList):
    def __init__(self, block, layers, width=64, num_classes=1000):
        super().__init__(block, layers, width, num_classes)
        self.parts = nn.ModuleList(self.parts)


@mistake("counts the stages from zero", hint="layer1 ... layer4")
class CountsFromZero(Parts):
    def __init__(self, block, layers, width=64, num_classes=1000):
        super().__init__(block, layers, width, num_classes)
        self.layer0 = self.layer1
        del self.layer1

    def stages(self, x):
        return self.layer4(self.layer3(self.layer2(self.layer0(x))))


@mistake("has no bias in the classifier", hint="with a bias")
class NoBias(Parts):
    def __init__(self, block, layers, width=64, num_classes=1000):
        super().__init__(block, layers, width, num_classes)
        self.fc = nn.Linear(self.channels, num_classes, bias=False)


@mistake("gives every block of a stage the stride", hint="The first block of layer2")
class StridesEverywhere(Parts):
    def stage(self, block, number, channels, stride):
        blocks = []
        for _ in range(number):
            blocks.append(block(self.channels, channels, stride))
            self.channels = channels * block.expansion
        return nn.Sequential(*blocks)


@mistake("strides in the first stage, too", hint="layer1 has stride 1 throughout")
class StridesInTheFirst(Parts):
    def stage(self, block, number, channels, stride):
        return super().stage(block, number, channels, 2)


@mistake("strides in the last block of a stage instead of the first", hint="The first block of layer2")
class StridesAtTheEnd(Parts):
    def stage(self, block, number, channels, stride):
        blocks = []
        for n in range(number):
            blocks.append(block(self.channels, channels, stride if n == number - 1 else 1))
            self.channels = channels * block.expansion
        return nn.Sequential(*blocks)


@mistake("never strides in the stages", hint="has stride 2, layer1 has stride 1")
class NeverStrides(Parts):
    def stage(self, block, number, channels, stride):
        return super().stage(block, number, channels, 1)


@mistake("forgets the pooling of the stem", hint="ReLU, maxpool")
class NoPooling(Parts):
    def stem(self, x):
        return self.relu(self.bn1(self.conv1(x)))


@mistake("forgets the ReLU of the stem", hint="bn1, ReLU, maxpool")
class NoRelu(Parts):
    def stem(self, x):
        return self.maxpool(self.bn1(self.conv1(x)))


@mistake("forgets the normalisation of the stem", hint="bn1, ReLU, maxpool")
class NoNormalisation(Parts):
    def stem(self, x):
        return self.maxpool(self.relu(self.conv1(x)))


@mistake("takes the maximum over the positions", hint="the mean over all positions")
class MaximumInTheEnd(Parts):
    def forward(self, x):
        return self.fc(self.stages(self.stem(x)).amax(dim=(2, 3)))


@mistake("gives probabilities", hint="no softmax")
class Softmax(Parts):
    def forward(self, x):
        return super().forward(x).softmax(dim=1)


@mistake("ignores the block's expansion", hint="channels * block.expansion")
class NoExpansion(Parts):
    def stage(self, block, number, channels, stride):
        blocks = []
        for n in range(number):
            blocks.append(block(self.channels, channels, stride if n == 0 else 1))
            self.channels = channels
        return nn.Sequential(*blocks)


@mistake("forgets the expansion in front of the classifier", hint="and fc have to expect")
class NarrowClassifier(Parts):
    def __init__(self, block, layers, width=64, num_classes=1000):
        super().__init__(block, layers, width, num_classes)
        self.fc = nn.Linear(8 * width, num_classes)


@mistake("repeats one block in a stage", hint="one and the same")
class RepeatsABlock(Parts):
    def stage(self, block, number, channels, stride):
        first = block(self.channels, channels, stride)
        self.channels = channels * block.expansion
        return nn.Sequential(first, *[block(self.channels, channels)] * (number - 1))


@mistake("does not train its stem", hint="Gradients reach all of it")
class FrozenStem(Parts):
    def stem(self, x):
        with torch.no_grad():
            return super().stem(x)


@mistake("drops features in training", hint="no dropout")
class DropsFeatures(Parts):
    def forward(self, x):
        features = self.avgpool(self.stages(self.stem(x))).flatten(1)
        return self.fc(F.dropout(features, 0.5, self.training))


@mistake("squeezes a batch of one image away", hint="for one image as for many")
class Squeezes(Parts):
    def forward(self, x):
        return self.fc(self.avgpool(self.stages(self.stem(x))).squeeze())


@alternative
class StageByStage(Parts):
    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        for n in range(1, 5):
            x = getattr(self, f"layer{n}")(x)
        return self.fc(x.mean(dim=(-2, -1)))


@alternative
class BlockByBlock(nn.Module):
    def __init__(self, block, layers, width=64, num_classes=1000):
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, kernel_size=7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        before = width
        for n in range(4):
            stage = nn.Sequential()
            for b in range(layers[n]):
                stage.append(block(before, width << n, 1 + (n > 0 and b == 0)))
                before = (width << n) * block.expansion
            setattr(self, f"layer{n + 1}", stage)
        self.fc = nn.Linear(before, num_classes)

    def forward(self, x):
        x = F.max_pool2d(self.bn1(self.conv1(x)).relu(), 3, stride=2, padding=1)
        for stage in (self.layer1, self.layer2, self.layer3, self.layer4):
            for block in stage:
                x = block(x)
        return self.fc(torch.flatten(F.adaptive_avg_pool2d(x, (1, 1)), 1))
