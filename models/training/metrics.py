"""PSNR and SSIM on luma, borders cut."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from skimage.metrics import structural_similarity

BORDER = 8


def luma(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """ITU-R BT.601 luma, 0 to 255, of RGB (h, w, 3), without the outer BORDER pixels."""
    inner = pixels[BORDER:-BORDER, BORDER:-BORDER].astype(np.float64)
    return inner @ np.array([0.299, 0.587, 0.114])


def psnr(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> float:
    """Peak signal-to-noise ratio on luma in dB, at most 100 (reached by equal images)."""
    error = float(np.mean((luma(a) - luma(b)) ** 2))
    return min(100.0, 10 * np.log10(255**2 / error)) if error > 0 else 100.0


def ssim(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> float:
    """Structural similarity on luma as in Wang et al. 2004: Gaussian window, sigma 1.5."""
    return float(
        structural_similarity(
            luma(a), luma(b), data_range=255, gaussian_weights=True, sigma=1.5, use_sample_covariance=False
        )
    )
