"""What a step makes smaller: differences per pixel, in structure, and how patches weigh against each other."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from settings import Settings

CHARBONNIER_EPSILON = 1e-3
# Of Wang et al., 2004, as in metrics.py; for luma from 0 to 1.
WINDOW, SIGMA = 11, 1.5
C1, C2 = 0.01**2, 0.03**2


def upscale_loss(output: Tensor, target: Tensor, settings: Settings) -> Tensor:
    """Mean loss of patches (n, 3, h, w), RGB from 0 to 1.

    A patch's penalty is the mean over RGB plus luma_weight times the mean over luma of Charbonnier's penalty of the
    difference (Lai et al., 2017) plus squared_weight times its square, plus structure_weight times what luma lacks to
    an SSIM of 1. Its loss grows with the logarithm of that above patch_floor, as PSNR does: else steps would follow
    tones and engravings, whose penalty is ten times that of an outline, and nothing would be left for the outlines.
    """
    difference = output - target

    def penalty(x: Tensor) -> Tensor:
        each = torch.sqrt(x * x + CHARBONNIER_EPSILON**2) + settings.squared_weight * x * x
        return each.flatten(1).mean(1)

    penalties = penalty(difference) + settings.luma_weight * penalty(luma(difference))
    if settings.structure_weight > 0:
        similarity = structural_similarity(luma(output), luma(target))
        penalties = penalties + settings.structure_weight * (1 - similarity)
    # Scaled so that small penalties are their own loss: then the floor does not change what rates fit.
    return (settings.patch_floor * torch.log1p(penalties / settings.patch_floor)).mean()


def luma(x: Tensor) -> Tensor:
    """ITU-R BT.601 luma of RGB: (n, 3, h, w) -> (n, 1, h, w)."""
    return x[:, 0:1] * 0.299 + x[:, 1:2] * 0.587 + x[:, 2:3] * 0.114


def structural_similarity(a: Tensor, b: Tensor) -> Tensor:
    """SSIM of pairs of planes (n, 1, h, w) from 0 to 1, Gaussian window, where it fits: (n)."""
    steps = torch.arange(WINDOW, device=a.device, dtype=a.dtype) - WINDOW // 2
    weights = torch.exp(-steps * steps / (2 * SIGMA**2))
    weights = weights / weights.sum()
    planes = torch.cat((a, b, a * a, b * b, a * b), dim=1)

    def kernel(rows: int, columns: int) -> Tensor:
        return weights.view(1, 1, rows, columns).expand(planes.shape[1], 1, rows, columns)

    blurred = F.conv2d(planes, kernel(WINDOW, 1), groups=planes.shape[1])
    mean_a, mean_b, square_a, square_b, product = F.conv2d(
        blurred, kernel(1, WINDOW), groups=planes.shape[1]
    ).unbind(1)
    variances = square_a - mean_a * mean_a + square_b - mean_b * mean_b
    covariance = product - mean_a * mean_b
    means = mean_a * mean_a + mean_b * mean_b
    similarity = (2 * mean_a * mean_b + C1) * (2 * covariance + C2) / ((means + C1) * (variances + C2))
    return similarity.flatten(1).mean(1)
