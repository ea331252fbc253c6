"""Lab 5: a network that has seen before. Residual networks, DeepLabCut's head, augmentation and fine-tuning.

Images are float tensors (B, C, H, W) in [0, 1]. Points are (x, y) in px with pixel centres at integers, so that cell (i, j) of
a map of stride s is centred at (s j + (s - 1)/2, s i + (s - 1)/2). A missing keypoint is NaN.
"""

import sys

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from tqdm import tqdm

import posekit


class BasicBlock(nn.Module):
    """Two 3x3 convolutions and a shortcut around them (slide "Deep Residual Networks"; He et al. 2016, figure 2).

    Parts have torchvision's names: `conv1`, `bn1`, `conv2`, `bn2`, `relu`, and `downsample`, a `Sequential` of a strided
    1x1 convolution and its normalisation where the output differs from the input in shape, else None. The first
    convolution carries the stride, and no convolution has a bias: the normalisation behind it has one.

    Parameters
    ----------
    in_channels : int
        Channels of the input.
    channels : int
        Channels of the output.
    stride : int
        1, or 2 to halve height and width.
    """

    expansion = 1  # channels of the output over `channels`

    def __init__(self, in_channels, channels, stride=1):
        super().__init__()
        ### BEGIN SOLUTION
        self.conv1 = nn.Conv2d(in_channels, channels, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU()
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.downsample = None
        if stride != 1 or in_channels != channels:
            shortcut = nn.Conv2d(in_channels, channels, 1, stride=stride, bias=False)
            self.downsample = nn.Sequential(shortcut, nn.BatchNorm2d(channels))
        ### END SOLUTION

    def forward(self, x):
        """Features (B, in_channels, H, W) to (B, channels, H / stride, W / stride), rounded up."""
        ### BEGIN SOLUTION
        shortcut = x if self.downsample is None else self.downsample(x)
        y = self.relu(self.bn1(self.conv1(x)))
        return self.relu(self.bn2(self.conv2(y)) + shortcut)
        ### END SOLUTION


class Bottleneck(nn.Module):
    """A 3x3 convolution between two 1x1 ones, and a shortcut around them (He et al. 2016, figure 5, right).

    Parts have torchvision's names: `conv1`, `bn1`, `conv2`, `bn2`, `conv3`, `bn3`, `relu` and `downsample` as in
    `BasicBlock`. The 3x3 convolution carries the stride (version "1.5", torchvision's), none has a bias.

    Parameters
    ----------
    in_channels : int
        Channels of the input.
    channels : int
        Channels between the convolutions; the output has four times as many.
    stride : int
        1, or 2 to halve height and width.
    """

    expansion = 4  # channels of the output over `channels`

    def __init__(self, in_channels, channels, stride=1):
        super().__init__()
        ### BEGIN SOLUTION
        out_channels = 4 * channels
        self.conv1 = nn.Conv2d(in_channels, channels, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, stride=stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.conv3 = nn.Conv2d(channels, out_channels, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(out_channels)
        self.relu = nn.ReLU()
        self.downsample = None
        if stride != 1 or in_channels != out_channels:
            shortcut = nn.Conv2d(in_channels, out_channels, 1, stride=stride, bias=False)
            self.downsample = nn.Sequential(shortcut, nn.BatchNorm2d(out_channels))
        ### END SOLUTION

    def forward(self, x):
        """Features (B, in_channels, H, W) to (B, 4 channels, H / stride, W / stride), rounded up."""
        ### BEGIN SOLUTION
        shortcut = x if self.downsample is None else self.downsample(x)
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.relu(self.bn2(self.conv2(y)))
        return self.relu(self.bn3(self.conv3(y)) + shortcut)
        ### END SOLUTION


class ResNet(nn.Module):
    """A residual network for images of three channels (slide "Deep Residual Networks"; He et al. 2016, table 1).

    A strided 7x7 convolution and a maximum pooling bring the image to stride 4. `layer1` ... `layer4` follow, each a
    `Sequential` of blocks: stage n has `width * 2**(n - 1)` channels (times the block's expansion), and its first block
    has stride 2, but for `layer1`. The mean over all positions goes to the classifier `fc`. Parts have torchvision's
    names, so its weights can be loaded.

    Parameters
    ----------
    block : class
        `BasicBlock` or `Bottleneck`; `block.expansion` says how many channels it gives.
    layers : sequence of four int
        Number of blocks in each stage: (2, 2, 2, 2) with basic blocks is ResNet-18, (3, 4, 6, 3) ResNet-34, and
        (3, 4, 6, 3) with bottlenecks ResNet-50.
    width : int
        Channels behind `conv1`.
    num_classes : int
        Outputs of `fc`.

    Raises
    ------
    ValueError
        If there are not four stages.
    """

    def __init__(self, block, layers, width=64, num_classes=1000):
        super().__init__()
        if len(layers) != 4:
            raise ValueError(f"ResNet: layers must hold the number of blocks of four stages, got {layers}.")
        self.conv1 = nn.Conv2d(3, width, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU()
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        ### BEGIN SOLUTION
        in_channels = width
        for n, number in enumerate(layers):
            blocks = []
            for b in range(number):
                blocks.append(block(in_channels, width * 2**n, stride=2 if n > 0 and b == 0 else 1))
                in_channels = width * 2**n * block.expansion
            self.add_module(f"layer{n + 1}", nn.Sequential(*blocks))
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(in_channels, num_classes)
        ### END SOLUTION
        for part in self.modules():
            if isinstance(part, nn.Conv2d):  # keeps the size of the activations through many layers
                nn.init.kaiming_normal_(part.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x):
        """Images (B, 3, H, W), floats, to class scores (B, num_classes); ValueError for anything else."""
        if x.ndim != 4 or x.shape[1] != 3 or not x.is_floating_point():
            raise ValueError(f"ResNet: want floating-point images (B, 3, H, W), got {x.dtype} {tuple(x.shape)}.")
        ### BEGIN SOLUTION
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(self.avgpool(x).flatten(1))
        ### END SOLUTION


def features_at(model, x, layer):
    """What a residual network makes of images at an intermediate layer (slide "Transfer Learning": reroute the output).

    Parameters
    ----------
    model : nn.Module
        A network whose parts have torchvision's names: `conv1`, `bn1`, `relu`, `maxpool`, `layer1` ... `layer4`. It is left
        as it was: in its mode, without hooks.
    x : Tensor (B, 3, H, W)
        Images.
    layer : int
        Behind which of the four stages, 1 ... 4.

    Returns
    -------
    Tensor (B, C, H / s, W / s), rounded up
        Features at stride s = 2**(layer + 1); gradients flow back through them to the weights and to `x`.

    Raises
    ------
    ValueError
        If there is no such stage.
    """
    if layer not in (1, 2, 3, 4):
        raise ValueError(f"features_at: layer must be 1, 2, 3 or 4, got {layer}.")
    ### BEGIN SOLUTION
    x = model.maxpool(model.relu(model.bn1(model.conv1(x))))
    for n in range(1, layer + 1):
        x = getattr(model, f"layer{n}")(x)
    return x
    ### END SOLUTION


def receptive_field(layers):
    """Width of the window of pixels that one output of a chain of convolutions and poolings can see.

    A layer of kernel k widens the window by k - 1 times its input's stride, and multiplies the stride by its own.

    Parameters
    ----------
    layers : sequence of (int, int)
        Kernel size and stride of each layer, from the image upwards.

    Returns
    -------
    int
        In px, padding and borders ignored; 1 without layers.
    """
    ### BEGIN SOLUTION
    field, stride = 1, 1
    for kernel, step in layers:
        field += (kernel - 1) * stride
        stride *= step
    return field
    ### END SOLUTION


def freeze(module):
    """Make a part of a network a constant: nothing in it is trained, in whatever mode the network around it is.

    Its parameters get no gradients, and it stays in evaluation mode: `train()` on it, or on a network that contains it,
    changes nothing. So normalisation uses its stored statistics and leaves them as they are. To keep a network with a
    frozen part, copy it or save its `state_dict()`: as a whole it cannot be pickled.

    Parameters
    ----------
    module : nn.Module
        Changed in place.

    Returns
    -------
    nn.Module
        The same module.
    """
    ### BEGIN SOLUTION
    module.requires_grad_(False)

    def stay(part, mode=True):
        return part

    for part in module.eval().modules():
        # What `train()` of the network around it calls. Bound as a method, so that a copy's is bound to the copy.
        part.train = stay.__get__(part)
    return module
    ### END SOLUTION


class DeconvHead(nn.Module):
    """DeepLabCut's head: transposed convolutions that give score maps and location refinement at twice the resolution.

    Two parts, `scores` with K output channels and `offsets` with 2K, read the same features. Both are transposed
    convolutions with a 4x4 kernel, stride 2 and padding 1, so that output cells 2i and 2i + 1 lie over input cell i, and
    have a bias. Channel 2k of the offsets is the x, channel 2k + 1 the y of keypoint k. (Slide "Transfer Learning In
    DeepLabCut, SLEAP, etc."; Mathis et al. 2018; Insafutdinov et al. 2016, "DeeperCut".)

    Parameters
    ----------
    in_channels : int
        Channels of the features.
    num_keypoints : int
        K.
    """

    def __init__(self, in_channels, num_keypoints):
        super().__init__()
        ### BEGIN SOLUTION
        self.scores = nn.ConvTranspose2d(in_channels, num_keypoints, 4, stride=2, padding=1)
        self.offsets = nn.ConvTranspose2d(in_channels, 2 * num_keypoints, 4, stride=2, padding=1)
        ### END SOLUTION

    def forward(self, features):
        """Features (B, in_channels, h, w) to scores (B, K, 2h, 2w), log odds, and offsets (B, K, 2, 2h, 2w)."""
        ### BEGIN SOLUTION
        scores, offsets = self.scores(features), self.offsets(features)
        return scores, offsets.unflatten(1, (-1, 2))
        ### END SOLUTION


class Hourglass(nn.Module):
    """Down to a small map and back up, with a skip at each resolution (Newell et al. 2016; SLEAP, Pereira et al. 2022).

    An hourglass of depth d halves its input by maximum pooling, passes it through `before`, `inner` and `after`, and
    doubles it again by repeating each cell; to this it adds what `skip` makes of its input. `inner` is an hourglass of depth d - 1, or
    a plain block at depth 1. All parts keep the number of channels.

    Parameters
    ----------
    depth : int
        Number of halvings, at least 1.
    channels : int

    Raises
    ------
    ValueError
        If the depth is less than 1.
    """

    def __init__(self, depth, channels):
        super().__init__()
        if depth < 1:
            raise ValueError(f"Hourglass: the depth must be at least 1, got {depth}.")
        self.skip = BasicBlock(channels, channels)
        self.before = BasicBlock(channels, channels)
        self.inner = Hourglass(depth - 1, channels) if depth > 1 else BasicBlock(channels, channels)
        self.after = BasicBlock(channels, channels)

    def forward(self, x):
        """Features (B, channels, H, W) to features of the same shape; ValueError where H or W is odd at some depth."""
        if x.shape[-2] % 2 or x.shape[-1] % 2:
            raise ValueError(f"Hourglass: height and width must be even to be halved, got {tuple(x.shape[-2:])}.")
        ### BEGIN SOLUTION
        y = self.after(self.inner(self.before(F.max_pool2d(x, 2))))
        return self.skip(x) + F.interpolate(y, scale_factor=2, mode="nearest")
        ### END SOLUTION


class StackedHourglass(nn.Module):
    """Hourglasses in a row, each of which sees what the one before it believed (slide "... SLEAP starts with stacked ...").

    `stem` brings the images to stride 4. Stack n is an hourglass, `hourglasses[n]`, and a block, `features[n]`; from these
    features `heads[n]` makes its score maps. The next stack reads the sum of what this one read, its features through
    `feature_maps[n]` and its score maps through `score_maps[n]`. Every stack's scores are returned, so that each can have a
    loss of its own (intermediate supervision; Newell et al. 2016, figure 4).

    Parameters
    ----------
    num_stacks, depth, channels : int
        Number of hourglasses, and what each of them is.
    num_keypoints : int
        K.
    in_channels : int
        Channels of the images.
    """

    stride = 4  # side of a cell of the score maps, px

    def __init__(self, num_stacks, depth, channels, num_keypoints, in_channels=1):
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(in_channels, channels, 7, stride=2, padding=3, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
            nn.MaxPool2d(2),
        )
        self.hourglasses = nn.ModuleList(Hourglass(depth, channels) for _ in range(num_stacks))
        self.features = nn.ModuleList(BasicBlock(channels, channels) for _ in range(num_stacks))
        self.heads = nn.ModuleList(nn.Conv2d(channels, num_keypoints, 1) for _ in range(num_stacks))
        self.feature_maps = nn.ModuleList(nn.Conv2d(channels, channels, 1) for _ in range(num_stacks - 1))
        self.score_maps = nn.ModuleList(nn.Conv2d(num_keypoints, channels, 1) for _ in range(num_stacks - 1))

    def forward(self, images):
        """Images (B, in_channels, H, W) to a list of `num_stacks` score maps (B, K, H / 4, W / 4), log odds."""
        ### BEGIN SOLUTION
        x, scores = self.stem(images), []
        for n, hourglass in enumerate(self.hourglasses):
            features = self.features[n](hourglass(x))
            scores.append(self.heads[n](features))
            if n + 1 < len(self.hourglasses):
                x = x + self.feature_maps[n](features) + self.score_maps[n](scores[n])
        return scores
        ### END SOLUTION


def load_backbone(model, state):
    """Load pretrained weights into a network with torchvision's names, whole or cut after one of its stages.

    Parameters
    ----------
    model : nn.Module
        A `ResNet`, or the `backbone` of a `PoseNet`. Changed in place.
    state : mapping from str to array or Tensor
        Weights and statistics by torchvision's names, `torchvision.models.resnet18(weights="DEFAULT").state_dict()`, say.
        What it holds beyond the parts of `model` is left out: a classifier, or later stages.

    Returns
    -------
    nn.Module
        The same model.

    Raises
    ------
    ValueError
        If weights of `model` are missing from `state` or have another shape there.
    """
    own = {name: tensor for name, tensor in model.state_dict().items() if not name.endswith("num_batches_tracked")}
    for name, tensor in own.items():
        if name not in state:
            raise ValueError(
                f"load_backbone: the weights lack {name!r}; do they belong to a network with these blocks?"
            )
        if tuple(state[name].shape) != tuple(tensor.shape):
            raise ValueError(
                f"load_backbone: {name!r} has shape {tuple(state[name].shape)}, but the model wants {tuple(tensor.shape)}; "
                "build the model with the width and the blocks that the weights were made with."
            )
    model.load_state_dict({name: torch.as_tensor(state[name]) for name in own}, strict=False)
    return model


class PoseNet(nn.Module):
    """DeepLabCut's network: a residual network that ends behind one of its stages, and a `DeconvHead` on it.

    Parameters
    ----------
    resnet : ResNet
        Its parts up to the stage become part of this network, as `backbone`; the head is `head`.
    num_keypoints : int
        K.
    layer : int
        The last stage that is kept. The maps have stride 2**layer: 8 for stage 3.
    """

    def __init__(self, resnet, num_keypoints, layer=3):
        super().__init__()
        self.layer, self.stride = layer, 2**layer
        self.backbone = nn.Sequential()
        for name in ("conv1", "bn1", "relu", "maxpool", "layer1", "layer2", "layer3", "layer4")[: 4 + layer]:
            self.backbone.add_module(name, getattr(resnet, name))
        self.head = DeconvHead(resnet.fc.in_features // 2 ** (4 - layer), num_keypoints)
        nn.init.constant_(self.head.scores.bias, -4.0)  # a keypoint is rare: start with odds of 1 to 55

    def forward(self, images):
        """Images (B, 1 or 3, H, W), floats in [0, 1], to scores (B, K, h, w), log odds, and offsets (B, K, 2, h, w), px.

        Raises ValueError for anything else, images of bytes say.
        """
        if images.ndim != 4 or images.shape[1] not in (1, 3) or not images.is_floating_point():
            shape = tuple(images.shape)
            raise ValueError(f"PoseNet: want floats in [0, 1] of shape (B, 1 or 3, H, W), got {images.dtype} {shape}.")
        x = (images.expand(-1, 3, -1, -1) - 0.45) / 0.225  # about the statistics of ImageNet, as its networks expect
        scores, offsets = self.head(features_at(self.backbone, x, self.layer))
        return scores, self.stride * offsets

    def predict(self, images):
        """Keypoints (N, K, 2), (x, y) px, in images (N, 1 or 3, H, W), an array or a tensor of floats in [0, 1].

        Floats of any precision. The network is left as it was, each part in its mode. Raises ValueError as `forward` does.
        """
        images = images if torch.is_tensor(images) else torch.as_tensor(np.ascontiguousarray(images))
        like = self.head.scores.bias
        if images.is_floating_point():
            images = images.to(like.dtype)
        modes, points = [(part, part.training) for part in self.modules()], []
        self.eval()
        try:
            with torch.no_grad():
                for batch in images.split(32):
                    scores, offsets = (maps.cpu().numpy() for maps in self(batch.to(like.device)))
                    points += [decode_offsets(*maps, self.stride) for maps in zip(scores, offsets, strict=True)]
        finally:
            for part, mode in modes:
                part.training = mode
        return np.reshape(points, (len(images), len(like), 2))


def pose_loss(scores, offsets, targets, stride, weight=0.05):
    """DeeperCut's loss: is a keypoint near this cell, and if so, where? (slide "Transfer Learning": a new loss function).

    A cell is *near* a keypoint if its centre is at most 1.5 `stride` away. The loss has two parts: the Bernoulli loss of
    Lab 4 on the scores, whose targets are 1 in the near cells and 0 elsewhere, the mean over all entries; and `weight` times
    the mean over the near cells of huber(dx) + huber(dy), where dx and dy are what the offsets are off by in px, and
    huber(e) = e^2 / 2 for |e| <= 1 and |e| - 1/2 beyond. (Insafutdinov et al., DeeperCut, 2016.)

    Parameters
    ----------
    scores : tensor (B, K, h, w)
        Log odds, of any size.
    offsets : tensor (B, K, 2, h, w)
        (dx, dy) from each cell's centre to the keypoint as the network has it, px.
    targets : tensor (B, K, 2, h, w)
        The same as `encode_offsets` has it. NaN for a keypoint without a label: no cell is near it.
    stride : int
        Side of a cell, px.
    weight : float
        Of the second part.

    Returns
    -------
    tensor ()
        Finite, and with finite gradients, even where labels are missing. Without any near cell the second part is 0.

    Raises
    ------
    ValueError
        If the shapes do not belong together.
    """
    B, K, h, w = scores.shape
    if offsets.shape != (B, K, 2, h, w) or targets.shape != (B, K, 2, h, w):
        raise ValueError(
            f"pose_loss: scores {tuple(scores.shape)} want offsets and targets {(B, K, 2, h, w)}, "
            f"got {tuple(offsets.shape)} and {tuple(targets.shape)}."
        )
    ### BEGIN SOLUTION
    near = torch.hypot(targets[:, :, 0], targets[:, :, 1]) <= 1.5 * stride  # a comparison with NaN is False
    errors = (offsets - targets).movedim(2, -1)[near]  # (cells, 2): what has no label is not among them
    huber = F.huber_loss(errors, torch.zeros_like(errors), reduction="sum") / max(len(errors), 1)
    return F.binary_cross_entropy_with_logits(scores, near.to(scores)) + weight * huber
    ### END SOLUTION


def stacked_loss(scores, targets, stride):
    """Intermediate supervision: the sum over the stacks of what `pose_loss` says of their scores (Newell et al. 2016).

    Parameters
    ----------
    scores : list of tensor (B, K, h, w)
        From a `StackedHourglass`.
    targets : tensor (B, K, 2, h, w)
        As in `pose_loss`.
    stride : int
        Side of a cell, px.

    Returns
    -------
    tensor ()
    """
    nowhere = torch.zeros_like(targets)  # an hourglass has no offsets
    return sum(pose_loss(maps, nowhere, targets, stride, weight=0.0) for maps in scores)


def fit(
    model,
    images,
    keypoints,
    *,
    steps=300,
    batch_size=16,
    lr=2e-3,
    groups=None,
    augmentation=None,
    loss=None,
    seed=0,
    progress=False,
):
    """Train a `PoseNet` on labelled frames, on a GPU where there is one. Or another network with a `stride`, by its own loss.

    Adam runs through one cycle of the learning rate, up and down again.

    Parameters
    ----------
    model : PoseNet
        Trained in place, and left in training mode. Frozen parts stay as they are.
    images : ndarray of float32 (N, C, H, W)
        Values in [0, 1].
    keypoints : ndarray (N, K, 2)
        (x, y) in px, NaN where not labelled.
    steps, batch_size : int
        Number of updates, and of frames drawn for each, with replacement.
    lr : float
        Largest learning rate.
    groups : list of dict, optional
        Which parameters are trained at which rate, as from `parameter_groups`, instead of all at `lr`.
    augmentation : callable, optional
        (image (C, H, W), keypoints (K, 2), rng) to an altered image and its keypoints.
    loss : callable, optional
        (what the model returns, targets (B, K, 2, h, w), stride) to a tensor (), instead of `pose_loss`; `stacked_loss`, say.
    seed : int
        Of the frames drawn and of their alterations.
    progress : bool
        Show a bar with the loss.

    Returns
    -------
    list of float
        The loss before each update.

    Raises
    ------
    ValueError
        If `images` and `keypoints` differ in length, or there are none.
    """
    if len(images) != len(keypoints) or len(images) == 0:
        raise ValueError(
            f"fit: want as many keypoints as images, at least one, got {len(keypoints)} and {len(images)}."
        )
    rng, where = np.random.default_rng(seed), posekit.device()
    model.to(where).train()
    optimizer = torch.optim.Adam(groups or [p for p in model.parameters() if p.requires_grad], lr=lr)
    peaks = [group["lr"] for group in optimizer.param_groups]
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, peaks, total_steps=steps)
    scaler, losses = posekit.grad_scaler(where), []
    bar = tqdm(range(steps), desc="training", unit="update", disable=not progress, file=sys.stdout, mininterval=1.0)
    for _ in bar:
        chosen = rng.integers(len(images), size=batch_size)
        frames = [(images[n], keypoints[n]) for n in chosen]
        if augmentation is not None:
            frames = [augmentation(image, points, rng) for image, points in frames]
        batch = torch.from_numpy(np.stack([image for image, _ in frames]).astype(np.float32)).to(where)
        with posekit.autocast(where):
            outputs = model(batch)
            shape = outputs[0].shape[-2:]
            targets = np.stack([encode_offsets(points, shape, model.stride) for _, points in frames])
            targets = torch.from_numpy(targets).float().to(where)
            value = pose_loss(*outputs, targets, model.stride) if loss is None else loss(outputs, targets, model.stride)
        optimizer.zero_grad()
        scaler.scale(value).backward()
        scaler.step(optimizer)
        scaler.update()
        schedule.step()
        losses.append(value.item())
        bar.set_postfix(loss=f"{losses[-1]:.3f}", refresh=False)
    return losses


def encode_offsets(keypoints, shape, stride):
    """Location refinement targets: how far each keypoint lies from the centre of every cell.

    A network with a stride answers on a coarse grid; the offsets say where inside, or near, a cell the keypoint is
    (location refinement, Insafutdinov et al., DeeperCut, 2016; also DeepLabCut's).

    Parameters
    ----------
    keypoints : ndarray or tensor of floats (K, 2)
        Points (x, y), px, NaN where missing. They need not lie on the map.
    shape : (int, int)
        Height h and width w of the map, in cells.
    stride : int
        Side of a cell, px, at least 1. Cell (i, j) is centred at x = stride j + (stride - 1)/2 and
        y = stride i + (stride - 1)/2, the middle of its pixels.

    Returns
    -------
    ndarray of floats, or tensor like `keypoints`, (K, 2, h, w)
        From the cell's centre to the keypoint, px, without scaling: dx in [:, 0] and dy in [:, 1]. NaN throughout for a
        keypoint that is NaN.

    Raises
    ------
    ValueError
        If `keypoints` is not (K, 2) or `shape` or `stride` is not positive.
    """
    if np.ndim(keypoints) != 2 or np.shape(keypoints)[1] != 2:
        raise ValueError(f"encode_offsets: keypoints must be (K, 2), got shape {tuple(np.shape(keypoints))}.")
    if len(shape) != 2 or min(shape) < 1 or stride < 1:
        raise ValueError(f"encode_offsets: want a shape (h, w) and a stride of at least 1, got {shape} and {stride}.")
    ### BEGIN SOLUTION
    h, w = shape
    centers = stride * np.stack(np.meshgrid(np.arange(w), np.arange(h))) + (stride - 1) / 2  # (2, h, w): x, y
    if isinstance(keypoints, torch.Tensor):
        centers = torch.as_tensor(centers).to(keypoints)
    else:
        keypoints = np.asarray(keypoints, dtype=float)
    return keypoints[:, :, None, None] - centers
    ### END SOLUTION


def decode_offsets(scores, offsets, stride):
    """Keypoints from a network's two maps: the centre of the best cell plus that cell's offset.

    As DeeperCut and DeepLabCut read out their networks.

    Parameters
    ----------
    scores : ndarray or tensor (K, h, w)
        One score map per keypoint, larger where it is likelier: logits or probabilities.
    offsets : ndarray or tensor of floats (K, 2, h, w)
        (dx, dy) from each cell's centre to the keypoint, px, as `encode_offsets` makes them.
    stride : int
        Side of a cell, px, at least 1.

    Returns
    -------
    ndarray or tensor, like `offsets`, (K, 2)
        Points (x, y), px. Where several cells share the best score, that of any of them; NaN where the offset is NaN.

    Raises
    ------
    ValueError
        If the shapes do not belong together or `stride` is not positive.
    """
    if np.ndim(scores) != 3 or np.shape(offsets) != (len(scores), 2, *np.shape(scores)[1:]) or stride < 1:
        raise ValueError(
            "decode_offsets: want scores (K, h, w), offsets (K, 2, h, w) and a stride of at least 1, got "
            f"{tuple(np.shape(scores))}, {tuple(np.shape(offsets))} and {stride}."
        )
    ### BEGIN SOLUTION
    K, _, w = scores.shape
    best = scores.reshape(K, -1).argmax(-1)  # (K,): cell (i, j) is number i w + j
    points = offsets.reshape(K, 2, -1)[range(K), :, best] + (stride - 1) / 2  # (K, 2)
    points[:, 0] += stride * (best % w)
    points[:, 1] += stride * (best // w)
    return points
    ### END SOLUTION


def transform_points(points, matrix):
    """Move points by an affine map: p -> A p + b with `matrix` = [A | b].

    Parameters
    ----------
    points : ndarray or tensor of floats (..., 2)
        Points (x, y), px, NaN where missing.
    matrix : ndarray (2, 3)
        From source to target: the first row gives the new x, the second the new y.

    Returns
    -------
    ndarray of floats, or tensor like `points`, (..., 2)
        NaN stays NaN.

    Raises
    ------
    ValueError
        If the last axis of `points` is not 2 or `matrix` is not (2, 3).
    """
    if np.ndim(points) < 1 or np.shape(points)[-1] != 2 or np.shape(matrix) != (2, 3):
        raise ValueError(
            "transform_points: want points (..., 2) and a matrix (2, 3), got shapes "
            f"{tuple(np.shape(points))} and {tuple(np.shape(matrix))}."
        )
    ### BEGIN SOLUTION
    matrix = np.asarray(matrix, dtype=float)
    if isinstance(points, torch.Tensor):
        matrix = torch.as_tensor(matrix).to(points)
    else:
        points = np.asarray(points, dtype=float)
    return points @ matrix[:, :2].T + matrix[:, 2]
    ### END SOLUTION


def warp_image(image, matrix):
    """Move an image by an affine map, so that its pixels go where `transform_points` sends points.

    The map goes forward, from source to target, but the image is filled backward: each pixel of the target asks the
    inverse where it came from, and interpolates there. No pixel of the target is left empty that way.

    Parameters
    ----------
    image : ndarray or tensor of floats (C, H, W)
        Grey values or colours in [0, 1]. Pixel [:, y, x] is centred at the point (x, y).
    matrix : ndarray (2, 3)
        From source to target, [A | b] with A invertible.

    Returns
    -------
    ndarray of floats, or tensor like `image`, (C, H, W)
        Bilinear interpolation of the source; zero where a pixel comes from outside of it. (Within one pixel of its
        border the interpolation may blend with these zeros or not.)

    Raises
    ------
    ValueError
        If `image` is not (C, H, W) or holds bytes (uint8), or `matrix` is not (2, 3) or cannot be inverted.
    """
    if np.ndim(image) != 3 or str(image.dtype).endswith("uint8"):
        raise ValueError(
            "warp_image: want an image (C, H, W) of floats in [0, 1] (divide bytes by 255), got shape "
            f"{tuple(np.shape(image))} and {image.dtype}."
        )
    if np.shape(matrix) != (2, 3) or np.linalg.matrix_rank(np.asarray(matrix, dtype=float)[:, :2]) < 2:
        raise ValueError(f"warp_image: want a matrix (2, 3) that can be inverted, got {np.asarray(matrix).tolist()}.")
    ### BEGIN SOLUTION
    _, H, W = image.shape
    pixels = image if isinstance(image, torch.Tensor) else torch.as_tensor(np.array(image, dtype=float))
    inverse = np.linalg.inv(np.vstack([matrix, [0.0, 0.0, 1.0]]))[:2]
    targets = np.stack(np.meshgrid(np.arange(W), np.arange(H)), axis=-1)  # (H, W, 2)
    sources = transform_points(targets, inverse)
    # grid_sample calls the image's outer edges -1 and 1; they are half a pixel beyond the outermost centres.
    grid = torch.as_tensor((2.0 * sources + 1.0) / [W, H] - 1.0).to(pixels)
    warped = F.grid_sample(pixels[None], grid[None], mode="bilinear", padding_mode="zeros", align_corners=False)[0]
    return warped if isinstance(image, torch.Tensor) else warped.numpy()
    ### END SOLUTION


def augment(image, keypoints, rng, max_rotation, max_scale, flip_pairs=None):
    """One more training example: rotate, scale and perhaps mirror an image, and its keypoints with it.

    The angle is uniform on [-max_rotation, max_rotation] and the scale on [1 - max_scale, 1 + max_scale], about the
    middle of the image, ((W - 1)/2, (H - 1)/2) (slide "Data augmentation"). In a mirror the left hand is a right hand.

    Parameters
    ----------
    image : ndarray or tensor of floats (C, H, W)
        Grey values or colours in [0, 1].
    keypoints : ndarray or tensor of floats (K, 2)
        Points (x, y), px, NaN where missing.
    rng : numpy.random.Generator
        The only source of randomness.
    max_rotation : float
        Largest angle, degrees, not negative.
    max_scale : float
        Largest change of scale, in [0, 1).
    flip_pairs : int array (M, 2), optional
        With it the image is mirrored, x -> W - 1 - x, at even odds, and then the keypoints of each pair (left, right)
        change places; M = 0 mirrors without swapping. Without it (None) nothing is mirrored.

    Returns
    -------
    image, keypoints : like those given
        Keypoint k of the result is what is *called* k in the new image, NaN where that lies outside of
        [0, W - 1] x [0, H - 1].

    Raises
    ------
    ValueError
        If a shape or a range is wrong, the image holds bytes (uint8), or a keypoint is in two pairs.
    """
    if np.ndim(image) != 3 or np.ndim(keypoints) != 2 or np.shape(keypoints)[1] != 2:
        shapes = f"{tuple(np.shape(image))} and {tuple(np.shape(keypoints))}"
        raise ValueError(f"augment: want an image (C, H, W) and keypoints (K, 2), got shapes {shapes}.")
    if not (max_rotation >= 0 and 0 <= max_scale < 1):
        raise ValueError(f"augment: want max_rotation >= 0, max_scale in [0, 1), got {max_rotation} and {max_scale}.")
    if flip_pairs is not None:
        flip_pairs = np.asarray(flip_pairs, dtype=int) if len(flip_pairs) else np.zeros((0, 2), dtype=int)
        used = flip_pairs.ravel().tolist()
        if flip_pairs.shape[1:] != (2,) or len(set(used)) < len(used) or not set(used) <= set(range(len(keypoints))):
            raise ValueError(f"augment: want pairs (M, 2), no keypoint in two of them, got {flip_pairs.tolist()}.")
    ### BEGIN SOLUTION
    _, H, W = image.shape
    angle = np.deg2rad(rng.uniform(-max_rotation, max_rotation))
    scale = rng.uniform(1.0 - max_scale, 1.0 + max_scale)
    linear = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    names = np.arange(len(keypoints))
    if flip_pairs is not None and rng.uniform() < 0.5:
        linear = linear @ np.diag([-1.0, 1.0])
        names[flip_pairs] = flip_pairs[:, ::-1]
    center = np.array([(W - 1) / 2, (H - 1) / 2])
    matrix = np.column_stack([linear, center - linear @ center])  # leaves the centre where it is
    moved = transform_points(keypoints, matrix)[names]
    x, y = moved[:, 0], moved[:, 1]
    moved[(x < 0) | (x > W - 1) | (y < 0) | (y > H - 1)] = np.nan
    return warp_image(image, matrix), moved
    ### END SOLUTION


def relight(image, rng, strength=0.4):
    """Another lamp: an image in another brightness, contrast and gamma.

    Parameters
    ----------
    image : ndarray of floats (C, H, W)
        Values in [0, 1].
    rng : numpy.random.Generator
    strength : float
        In [0, 1): brightness changes by up to half of it, contrast by up to the factor 1 +- `strength`, gamma by up to
        e**`strength`.

    Returns
    -------
    ndarray (C, H, W), values in [0, 1]
    """
    brightness, contrast, gamma = rng.uniform(-strength, strength, size=3)
    changed = np.clip(image, 0.0, 1.0) ** np.exp(gamma)
    middle = changed.mean()
    return np.clip(middle + (1 + contrast) * (changed - middle) + brightness / 2, 0.0, 1.0).astype(image.dtype)


def occlude(image, keypoints, rng, largest=0.3):
    """Something in front: a block of one grey value, at a random place. Keypoints behind it are no longer labelled.

    Parameters
    ----------
    image : ndarray of floats (C, H, W)
        Values in [0, 1].
    keypoints : ndarray (K, 2)
        Points (x, y), px, NaN where missing.
    rng : numpy.random.Generator
    largest : float
        In (0, 1]: largest height and width, as fractions of those of the image; the smallest are a third of these.

    Returns
    -------
    image : ndarray (C, H, W)
    keypoints : ndarray (K, 2)
        NaN within the block.
    """
    size = np.array(image.shape[:0:-1])  # W, H
    extent = np.maximum(rng.uniform(largest / 3, largest, size=2) * size, 1).astype(int)
    left, top = start = rng.integers(0, size - extent + 1)
    right, bottom = start + extent
    covered = image.copy()
    covered[:, top:bottom, left:right] = rng.uniform()
    behind = ((keypoints >= start - 0.5) & (keypoints < start + extent - 0.5)).all(axis=1, keepdims=True)
    return covered, np.where(behind, np.nan, keypoints)


def parameter_groups(model, lr, lr_head):
    """Two learning rates for one optimizer: a small one for what was learned before, a large one for what is new.

    Parameters
    ----------
    model : nn.Module
        With parts `backbone`, the pretrained network, and `head`.
    lr : float
        Learning rate of the backbone.
    lr_head : float
        Learning rate of everything else.

    Returns
    -------
    list of two dicts
        As a torch optimizer takes them, `{"params": [...], "lr": ...}`: first the backbone's parameters with `lr`, then
        all others of the model, the head's among them, with `lr_head`. Only parameters that are to be trained
        (`requires_grad`), and each exactly once: one that the head shares with the backbone counts as the backbone's.
        Both groups are there even if nothing in one of them is to be trained; its list is then empty.

    Raises
    ------
    ValueError
        If the model lacks one of the two parts.
    """
    if not (hasattr(model, "backbone") and hasattr(model, "head")):
        raise ValueError(f"parameter_groups: the model needs parts backbone and head, {type(model).__name__} has not.")
    ### BEGIN SOLUTION
    backbone = [p for p in model.backbone.parameters() if p.requires_grad]
    taken = {id(p) for p in backbone}  # two tensors of equal values are still two parameters
    others = [p for p in model.parameters() if p.requires_grad and id(p) not in taken]
    return [{"params": backbone, "lr": lr}, {"params": others, "lr": lr_head}]
    ### END SOLUTION


def learning_curve(fit, evaluate, counts, num_frames, seeds):
    """Error against the number of labelled frames, once per seed.

    Each seed stands for an annotator who labels the frames in an order of their own: the first `count` of one random
    permutation of all frames. So a larger label set contains the smaller ones of the same seed, and a curve shows what
    more labels do, not what other labels do.

    Parameters
    ----------
    fit : callable, (indices, seed) -> model
        Trains on the frames `indices` (count,), from initial weights that depend on `seed`.
    evaluate : callable, model -> float
        The error of a model on frames that nobody trains on.
    counts : sequence of int
        Numbers of labelled frames, each in [1, num_frames], in any order.
    num_frames : int
        How many frames there are to choose from.
    seeds : sequence of int
        One curve for each. The frames of a seed depend on it and on `num_frames` alone, not on the other seeds or on `counts`.

    Returns
    -------
    errors : ndarray of float64 (len(seeds), len(counts))

    Raises
    ------
    ValueError
        If a count is not in [1, num_frames].
    """
    if any(not 1 <= count <= num_frames for count in counts):
        raise ValueError(f"learning_curve: counts must be in [1, {num_frames}], the number of frames, got {counts}.")
    errors = np.full((len(seeds), len(counts)), np.nan)
    for row, seed in enumerate(seeds):
        ### BEGIN SOLUTION
        order = np.random.default_rng(seed).permutation(num_frames)
        for column, count in enumerate(counts):
            errors[row, column] = evaluate(fit(order[:count], seed))
        ### END SOLUTION
    return errors
