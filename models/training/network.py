"""The upscaling network: plain 3x3 convolutions, pixel shuffle, nearest-upsampled input added at the end.

The convolutions may work on unshuffled pixels (squares of the input as channels, Shi et al., 2016, backwards):
then the same time affords twice the channels and reaches twice as far.

While training, each convolution is the sum of parallel linear branches (3x3, 1x1 and, where the
channel counts agree, identity), the structural re-parameterisation of RepVGG (Ding et al., 2021).
The branches are linear, so they merge into one 3x3 kernel that costs nothing at run time.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True)
class NetworkShape:
    """Sizes that fix the network.

    channels: feature channels between convolutions.
    convolutions: number of 3x3 convolutions, the first and the last included.
    scale: upscaling factor per side.
    slope: LeakyReLU's slope for negative values.
    unshuffle: side of the input's squares that become channels of one pixel, 1 for none. Sides of the input
        have to be multiples of it.
    """

    channels: int = 32
    convolutions: int = 8
    scale: int = 2
    slope: float = 0.1
    unshuffle: int = 1

    @property
    def receptive_radius(self) -> int:
        """Input pixels on each side that an output pixel depends on, if its square is counted as one."""
        return self.convolutions * self.unshuffle

    def layer_sizes(self) -> list[tuple[int, int]]:
        """(input, output) channels of each convolution."""
        first, last = 3 * self.unshuffle**2, 3 * (self.scale * self.unshuffle) ** 2
        sizes = [first] + [self.channels] * (self.convolutions - 1) + [last]
        return list(pairwise(sizes))

    def as_dict(self) -> dict[str, int | float]:
        return asdict(self)


class BranchedConv(nn.Module):
    """A 3x3 convolution as the sum of a 3x3, a 1x1 and, if in == out, an identity branch."""

    def __init__(self, inputs: int, outputs: int, gain: float) -> None:
        super().__init__()
        self.weight3 = nn.Parameter(torch.empty(outputs, inputs, 3, 3))
        self.weight1 = nn.Parameter(torch.zeros(outputs, inputs, 1, 1))
        self.bias = nn.Parameter(torch.zeros(outputs))
        has_identity = inputs == outputs
        self.identity = nn.Parameter(torch.full((outputs,), 0.5)) if has_identity else None
        nn.init.kaiming_normal_(self.weight3, a=0.1)
        with torch.no_grad():
            self.weight3.mul_(gain)

    def merged_weight(self) -> Tensor:
        """The equivalent single kernel, shape (out, in, 3, 3); differentiable in every branch."""
        weight = self.weight3 + F.pad(self.weight1, (1, 1, 1, 1))
        if self.identity is not None:
            weight = weight + F.pad(torch.diag(self.identity)[:, :, None, None], (1, 1, 1, 1))
        return weight

    def forward(self, x: Tensor, padding: int) -> Tensor:
        """Convolve with the merged kernel: every branch gets its gradient, at the cost of one."""
        return F.conv2d(x, self.merged_weight(), self.bias, padding=padding)

    def forward_branches(self, x: Tensor) -> Tensor:
        """The same, zero-padded by 1, each branch by itself: what the merge is checked against."""
        y = F.conv2d(x, self.weight3, self.bias, padding=1) + F.conv2d(x, self.weight1)
        if self.identity is not None:
            y = y + x * self.identity[None, :, None, None]
        return y


class UpscaleNetwork(nn.Module):
    """RGB in [0, 1], shape (n, 3, h, w), to RGB at `scale` times the size; the output is not clamped."""

    def __init__(self, shape: NetworkShape) -> None:
        super().__init__()
        self.shape = shape
        # The last layer starts small so that training starts close to the nearest-upsampled input.
        gains = [0.7] * (shape.convolutions - 1) + [0.1]
        self.convs = nn.ModuleList(
            BranchedConv(inputs, outputs, gain)
            for (inputs, outputs), gain in zip(shape.layer_sizes(), gains, strict=True)
        )

    def forward(self, x: Tensor, padding: int = 1) -> Tensor:
        """padding=1 keeps the size (n, 3, scale*h, scale*w), as the exported network does.

        padding=0 computes only outputs whose whole receptive field lies inside the input: the result
        lacks scale*receptive_radius pixels on each side and equals the centre of the padded result.
        """
        # cuDNN's kernels for half precision want channels last; from here on every layer keeps to that.
        y = F.pixel_unshuffle(x, self.shape.unshuffle).contiguous(memory_format=torch.channels_last)
        for index, conv in enumerate(self.convs):
            y = conv(y, padding)
            if index < len(self.convs) - 1:
                y = F.leaky_relu(y, self.shape.slope)
        margin = 0 if padding else self.shape.receptive_radius
        centre = x[:, :, margin : x.shape[2] - margin, margin : x.shape[3] - margin]
        return self._enlarged(y, centre)

    def forward_branches(self, x: Tensor) -> Tensor:
        """`forward(x, padding=1)` with every branch computed by itself."""
        y = F.pixel_unshuffle(x, self.shape.unshuffle)
        for index, conv in enumerate(self.convs):
            y = conv.forward_branches(y)
            if index < len(self.convs) - 1:
                y = F.leaky_relu(y, self.shape.slope)
        return self._enlarged(y, x)

    def _enlarged(self, features: Tensor, x: Tensor) -> Tensor:
        """The last convolution's channels as pixels, plus the input they belong to."""
        residual = F.pixel_shuffle(features, self.shape.scale * self.shape.unshuffle)
        return residual + nearest_upsample(x, self.shape.scale)

    def hidden_kernels(self) -> list[nn.Parameter]:
        """The 3x3 kernels between the first and the last convolution, which have one shape."""
        return [conv.weight3 for conv in list(self.convs)[1:-1]]

    @torch.no_grad()
    def load_merged(self, layers: list[tuple[Tensor, Tensor]]) -> None:
        """Take over merged convolutions: all in the 3x3 branch, the others zero."""
        for conv, (weight, bias) in zip(self.convs, layers, strict=True):
            conv.weight3.copy_(weight)
            conv.weight1.zero_()
            conv.bias.copy_(bias)
            if conv.identity is not None:
                conv.identity.zero_()

    def merged_layers(self) -> list[tuple[Tensor, Tensor]]:
        """(weight, bias) of each merged convolution, fp32 on the CPU, in order."""
        return [
            (conv.merged_weight().detach().float().cpu().contiguous(), conv.bias.detach().float().cpu())
            for conv in self.convs
        ]


def deepened(layers: list[tuple[Tensor, Tensor]], convolutions: int) -> list[tuple[Tensor, Tensor]]:
    """Merged convolutions, identities before the last one until there are so many.

    What is positive passes an identity unchanged, what is negative by the activation's slope smaller, so a
    network begins close to the shallower one (compare Net2DeeperNet, Chen et al., 2016). Raises ValueError
    for fewer convolutions than there are.
    """
    missing = convolutions - len(layers)
    if missing < 0:
        raise ValueError(f"expected at least {len(layers)} convolutions, received {convolutions}")
    channels = layers[-1][0].shape[1]
    identity = torch.nn.init.dirac_(torch.empty(channels, channels, 3, 3)), torch.zeros(channels)
    return layers[:-1] + [identity] * missing + layers[-1:]


def nearest_upsample(x: Tensor, scale: int) -> Tensor:
    """Repeat each pixel scale x scale times: (n, c, h, w) -> (n, c, scale*h, scale*w)."""
    return F.interpolate(x, scale_factor=scale, mode="nearest")


def mirrored_context(network: UpscaleNetwork, x: Tensor) -> Tensor:
    """Output for an image (n, 3, h, w), its outside mirrored at the edge pixels' centres as the product does.

    Sides must be larger than the receptive radius. Returns (n, 3, scale*h, scale*w), not clamped.
    """
    shape, (height, width) = network.shape, x.shape[2:]
    radius = shape.receptive_radius
    # Squares that the image fills in part are filled up from the mirrored outside too.
    right, below = radius + -width % shape.unshuffle, radius + -height % shape.unshuffle
    output = network(F.pad(x, (radius, right, radius, below), mode="reflect"), padding=0)
    return output[:, :, : shape.scale * height, : shape.scale * width]


def upscale_page(network: UpscaleNetwork, page: Tensor) -> Tensor:
    """Upscale one page, uint8 (h, w, 3), to uint8 (scale*h, scale*w, 3), rounded to nearest."""
    output = mirrored_context(network, page.permute(2, 0, 1)[None].float() / 255)
    return (output[0].permute(1, 2, 0).clamp(0, 1) * 255).round().to(torch.uint8)
