"""One training step: forward, loss and backward (replayed as a CUDA graph), optimisers, weight averaging."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor

from muon import Muon
from network import UpscaleNetwork
from pool import TilePool
from settings import Settings

CHARBONNIER_EPSILON = 1e-3
BETAS = (0.9, 0.99)
# Backward passes before capture, so that cuDNN has chosen its kernels and all buffers exist.
WARMUP_PASSES = 8
# Far from both ends of half precision for losses of means; halved when gradients overflow, never raised again.
GRADIENT_SCALE = 2.0**14


def upscale_loss(output: Tensor, target: Tensor, luma_weight: float, squared_weight: float) -> Tensor:
    """Mean penalty of the difference over RGB, plus luma_weight times the same over luma.

    The penalty is Charbonnier's (Lai et al., 2017) plus squared_weight times the square.
    """
    difference = output - target
    luma = difference[:, 0] * 0.299 + difference[:, 1] * 0.587 + difference[:, 2] * 0.114

    def penalty(x: Tensor) -> Tensor:
        return (torch.sqrt(x * x + CHARBONNIER_EPSILON**2) + squared_weight * x * x).mean()

    return penalty(difference) + luma_weight * penalty(luma)


class Trainer:
    """Owns the live and averaged networks, the optimiser and the buffers that patches are copied into."""

    def __init__(self, settings: Settings, device: torch.device, cuda_graph: bool) -> None:
        self._settings = settings
        self._half = device.type == "cuda"
        self.network = UpscaleNetwork(settings.network).to(device)
        self.average = copy.deepcopy(self.network).requires_grad_(False)
        kernels = self.network.hidden_kernels() if settings.kernel_rate > 0 else []
        self._muon = Muon(kernels) if kernels else None
        chosen = {id(kernel) for kernel in kernels}
        others = [parameter for parameter in self.network.parameters() if id(parameter) not in chosen]
        self.optimiser = torch.optim.AdamW(
            others, lr=settings.rate, betas=BETAS, weight_decay=0.0, fused=self._half
        )
        self._scaler = torch.amp.GradScaler(
            device.type, GRADIENT_SCALE, growth_interval=2**31 - 1, enabled=self._half
        )
        margin = settings.network.receptive_radius
        high = settings.network.scale * (settings.patch - 2 * margin)
        self._low = torch.zeros(
            (settings.batch, settings.patch, settings.patch, 3), dtype=torch.uint8, device=device
        )
        self._high = torch.zeros((settings.batch, high, high, 3), dtype=torch.uint8, device=device)
        self._wants_graph = cuda_graph and self._half
        self._graph: torch.cuda.CUDAGraph | None = None
        self.loss = torch.zeros((), device=device)

    def _backward(self) -> None:
        """Gradients of the loss on the buffers; a CUDA graph captures exactly this."""
        low = self._low.permute(0, 3, 1, 2).float() / 255
        high = self._high.permute(0, 3, 1, 2).float() / 255
        # Merged kernels are cast anew at each pass: a cached cast would not be part of a captured graph.
        with torch.autocast(low.device.type, dtype=torch.float16, enabled=self._half, cache_enabled=False):
            output = self.network(low, padding=0)
        loss = upscale_loss(output.float(), high, self._settings.luma_weight, self._settings.squared_weight)
        self._scaler.scale(loss).backward()
        self.loss.copy_(loss.detach())

    def _capture(self) -> None:
        """Record `_backward`; its gradients then live in fixed buffers that each replay overwrites."""
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(WARMUP_PASSES):
                self.network.zero_grad(set_to_none=True)
                self._backward()
        torch.cuda.current_stream().wait_stream(side)
        self.network.zero_grad(set_to_none=True)
        self._graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self._graph):
            self._backward()

    def step(self, pool: TilePool, number: int, decay: float) -> None:
        """Draw patches and take optimiser step `number` with the settings' learning rates times `decay`."""
        shape = self._settings.network
        low, high = pool.sample(
            self._settings.batch, self._settings.patch, shape.receptive_radius, align=shape.unshuffle
        )
        self._low.copy_(low)
        self._high.copy_(high)
        if self._wants_graph and self._graph is None:
            self._capture()
        if self._graph is not None:
            self._graph.replay()
        else:
            self.network.zero_grad(set_to_none=True)
            self._backward()
        for group in self.optimiser.param_groups:
            group["lr"] = self._settings.rate * decay
        self._scaler.step(self.optimiser)
        self._scaler.update()
        if self._muon is not None:
            self._muon.step(self._settings.kernel_rate * decay)
        if number % self._settings.ema_every == 0:
            self._update_average(number)

    @torch.no_grad()
    def _update_average(self, number: int) -> None:
        """Exponential average; early on it follows faster, so that the random start is forgotten."""
        updates = number // self._settings.ema_every
        decay = min(self._settings.ema_decay, (1 + updates) / (10 + updates))
        for mean, live in zip(self.average.parameters(), self.network.parameters(), strict=True):
            mean.lerp_(live, 1 - decay)

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps of the trainer."""
        return {
            "shape": self._settings.network.as_dict(),
            "live": self.network.state_dict(),
            "ema": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "muon": None if self._muon is None else self._muon.state_dict(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from a checkpoint of the same network shape. Raises ValueError for another shape."""
        if state["shape"] != self._settings.network.as_dict():
            raise ValueError(
                f"expected a checkpoint of {self._settings.network}, received one of {state['shape']}"
            )
        self.network.load_state_dict(state["live"])
        self.average.load_state_dict(state["ema"])
        self.optimiser.load_state_dict(state["optimiser"])
        if self._muon is not None:
            self._muon.load_state_dict(state["muon"])

    def start_from(self, weights: list[tuple[Tensor, Tensor]]) -> None:
        """Start live and averaged networks from merged convolutions, such as an exported model's."""
        for network in (self.network, self.average):
            network.load_merged(weights)
