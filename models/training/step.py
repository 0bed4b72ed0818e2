"""One training step: patches, forward, loss and backward, optimisers, weight averaging; on a GPU all one CUDA graph."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor

from loss import upscale_loss
from muon import Muon
from network import UpscaleNetwork
from pool import TilePool
from settings import Settings

BETAS = (0.9, 0.99)
# Steps before capture, so that cuDNN has chosen its kernels and all buffers exist. They train as any other step does.
WARMUP_STEPS = 4
# Far from both ends of half precision for losses of means; halved when gradients overflow, never raised again.
GRADIENT_SCALE = 2.0**14


class Trainer:
    """Owns the live and averaged networks, the optimisers and, on a GPU, the recorded step."""

    def __init__(self, settings: Settings, device: torch.device, compiled: bool) -> None:
        """compiled: fuse kernels (torch.compile) and record the whole step as a CUDA graph; on CUDA only."""
        self._settings = settings
        self._half = device.type == "cuda"
        self._compiled = compiled
        self.network = UpscaleNetwork(settings.network).to(device)
        self.average = copy.deepcopy(self.network).requires_grad_(False)
        kernels = self.network.hidden_kernels() if settings.kernel_rate > 0 else []
        self._muon = Muon(kernels) if kernels else None
        chosen = {id(kernel) for kernel in kernels}
        others = [parameter for parameter in self.network.parameters() if id(parameter) not in chosen]
        # What changes from step to step is read from memory: a recorded step repeats all else.
        self._rate = torch.zeros((), device=device)
        self._kernel_rate = torch.zeros((), device=device)
        self._share_of_live = torch.zeros((), device=device)
        self.optimiser = torch.optim.AdamW(
            others, lr=self._rate, betas=BETAS, weight_decay=0.0, fused=self._half, capturable=self._half
        )
        self._scaler = torch.amp.GradScaler(
            device.type, GRADIENT_SCALE, growth_interval=2**31 - 1, enabled=self._half
        )
        self._loss_of = torch.compile(self._eager_loss, dynamic=False) if self._compiled else self._eager_loss
        self._graph: torch.cuda.CUDAGraph | None = None
        self.loss = torch.zeros((), device=device)

    def _eager_loss(self, low: Tensor, high: Tensor) -> Tensor:
        """Loss of patches as TilePool.sample gives them."""
        low = low.permute(0, 3, 1, 2).float() / 255
        high = high.permute(0, 3, 1, 2).float() / 255
        # Merged kernels are cast anew at each pass: a cached cast would not be part of a recorded step.
        with torch.autocast(low.device.type, dtype=torch.float16, enabled=self._half, cache_enabled=False):
            output = self.network(low, padding=0)
        return upscale_loss(output.float(), high, self._settings)

    def _advance(self, pool: TilePool) -> None:
        """A whole step on patches of the pool, without anything that the host would have to know."""
        shape = self._settings.network
        low, high = pool.sample(
            self._settings.batch, self._settings.patch, shape.receptive_radius, align=shape.unshuffle
        )
        self.network.zero_grad(set_to_none=True)
        loss = self._loss_of(low, high)
        self._scaler.scale(loss).backward()
        self._scaler.step(self.optimiser)
        self._scaler.update()
        if self._muon is not None:
            self._muon.step(self._kernel_rate)
        self._update_average()
        self.loss.copy_(loss.detach())

    def _record(self, pool: TilePool) -> None:
        """Record `_advance`; its gradients then live in fixed buffers that each replay overwrites."""
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(WARMUP_STEPS):
                self._advance(pool)
        torch.cuda.current_stream().wait_stream(side)
        self._graph = torch.cuda.CUDAGraph()
        self._graph.register_generator_state(pool.generator)
        with torch.cuda.graph(self._graph):
            self._advance(pool)

    def step(self, pool: TilePool, number: int, decay: float) -> None:
        """Draw patches and take step `number` with the settings' learning rates times `decay`. Always the same pool."""
        self._rate.fill_(self._settings.rate * decay)
        self._kernel_rate.fill_(self._settings.kernel_rate * decay)
        # Early on the average follows faster, so that the random start is forgotten.
        self._share_of_live.fill_(1 - min(self._settings.ema_decay, (1 + number) / (10 + number)))
        if self._compiled and self._graph is None:
            self._record(pool)
        if self._graph is not None:
            self._graph.replay()
        else:
            self._advance(pool)

    @torch.no_grad()
    def _update_average(self) -> None:
        """Exponential average of the weights."""
        means = list(self.average.parameters())
        differences = torch._foreach_sub(list(self.network.parameters()), means)
        torch._foreach_mul_(differences, self._share_of_live)
        torch._foreach_add_(means, differences)

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
        # How steps are computed and where their rate is read from is this trainer's own, not the saved one's: a
        # checkpoint may come from another kind of device.
        own = {name: self.optimiser.param_groups[0][name] for name in ("fused", "capturable")}
        saved = state["optimiser"]
        groups = [{**group, **own} for group in saved["param_groups"]]
        self.optimiser.load_state_dict({**saved, "param_groups": groups})
        for group in self.optimiser.param_groups:
            group["lr"] = self._rate
        if self._muon is not None:
            self._muon.load_state_dict(state["muon"])

    def start_from(self, weights: list[tuple[Tensor, Tensor]]) -> None:
        """Start live and averaged networks from merged convolutions, such as an exported model's."""
        for network in (self.network, self.average):
            network.load_merged(weights)
