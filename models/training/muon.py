"""Muon for convolution kernels of one shape (Jordan et al., 2024, kellerjordan.github.io/posts/muon).

The momentum of each kernel, as an (out, in*k*k) matrix, is made nearly orthogonal before it is taken as the step, so
that no direction of the matrix learns faster than the others. All kernels go through it as one batch.
"""

from __future__ import annotations

import torch
from torch import Tensor

MOMENTUM = 0.95
# A quintic whose repeated application drives singular values of (0, 1] to about 1.
COEFFICIENTS = (3.4445, -4.7750, 2.0315)
ITERATIONS = 5


def nearly_orthogonal(matrices: Tensor) -> Tensor:
    """Newton-Schulz iteration: (n, rows, columns), rows <= columns, to the same with singular values near 1."""
    a, b, c = COEFFICIENTS
    x = matrices / (matrices.norm(dim=(1, 2), keepdim=True) + 1e-7)
    x = x.bfloat16() if x.is_cuda else x
    for _ in range(ITERATIONS):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.to(matrices.dtype)


class Muon:
    """Optimiser of kernels (out, in, k, k) that all have one shape, out <= in*k*k."""

    def __init__(self, kernels: list[Tensor]) -> None:
        self._kernels = kernels
        self._momentum = torch.stack([torch.zeros_like(kernel).flatten(1) for kernel in kernels])

    @torch.no_grad()
    def step(self, rate: Tensor) -> None:
        """Take the gradients' step, in which each kernel moves by about `rate`, one number, along every direction.

        Gradients may be scaled by a factor that changes seldom: only their direction counts. They are left out, all
        of them, where one is not finite, as happens when such a factor turns out too large for half precision.
        """
        gradients = torch.stack([kernel.grad.flatten(1) for kernel in self._kernels])
        gradients = torch.where(gradients.isfinite().all(), gradients, 0.0)
        self._momentum.lerp_(gradients, 1 - MOMENTUM)
        steps = nearly_orthogonal(gradients.lerp(self._momentum, MOMENTUM)) * rate
        for kernel, step in zip(self._kernels, steps, strict=True):
            kernel.sub_(step.view_as(kernel))

    def state_dict(self) -> dict[str, Tensor]:
        return {"momentum": self._momentum}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        self._momentum.copy_(state["momentum"])
