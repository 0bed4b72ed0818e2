"""Write a trained network as ncnn files: NAME.param (the graph) and NAME.bin (fp32 weights).

    python export_ncnn.py --checkpoint run/checkpoint.pt --out ../bd2x-fast --name bd2x-fast

Before writing, the merged convolutions are compared with the separate branches on random input.
The formats are those of ncnn's param and model bin description (github.com/Tencent/ncnn/wiki).
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path

import torch
from torch import Tensor

from checkpoint import load_network
from network import UpscaleNetwork

PARAM_MAGIC = "7767517"
FP32_TAG = b"\x00\x00\x00\x00"
ACTIVATION_LEAKY_RELU = 2
# fp32 rounding of sums of 300 terms, through eight layers; a wrong merge is off by whole percents.
MERGE_TOLERANCE = 1e-4


def strided_kernel(weight: Tensor, unshuffle: int) -> Tensor:
    """The kernel that does at once what unshuffling and a 3x3 convolution do: (o, 3*u*u, 3, 3) -> (o, 3, 3u, 3u)."""
    outputs, inputs = weight.shape[:2]
    channels = inputs // unshuffle**2
    squares = weight.reshape(outputs, channels, unshuffle, unshuffle, 3, 3)
    return squares.permute(0, 1, 4, 2, 5, 3).reshape(outputs, channels, 3 * unshuffle, 3 * unshuffle)


def unshuffled_kernel(weight: Tensor, unshuffle: int) -> Tensor:
    """The reverse of `strided_kernel`."""
    outputs, channels = weight.shape[:2]
    squares = weight.reshape(outputs, channels, 3, unshuffle, 3, unshuffle)
    return squares.permute(0, 1, 3, 5, 2, 4).reshape(outputs, channels * unshuffle**2, 3, 3)


def exported_layers(network: UpscaleNetwork) -> list[tuple[Tensor, Tensor]]:
    """(weight, bias) of each convolution as ncnn gets them: unshuffling is part of the first one."""
    (first, bias), *others = network.merged_layers()
    return [(strided_kernel(first, network.shape.unshuffle), bias), *others]


def param_text(network: UpscaleNetwork) -> str:
    """The graph: every blob has one consumer, so the input is split for the addition at the end."""
    shape = network.shape
    layers = [
        "Input input 0 1 data",
        "Split split 1 2 data data_network data_nearest",
    ]
    blob = "data_network"
    last = len(network.convs) - 1
    for index, (weight, _) in enumerate(exported_layers(network)):
        unshuffle = shape.unshuffle if index == 0 else 1
        activation = "" if index == last else f" 9={ACTIVATION_LEAKY_RELU} -23310=1,{shape.slope:e}"
        layers.append(
            f"Convolution conv{index} 1 1 {blob} conv{index} "
            f"0={weight.shape[0]} 1={3 * unshuffle} 3={unshuffle} 4={unshuffle} 5=1 6={weight.numel()}{activation}"
        )
        blob = f"conv{index}"
    layers += [
        f"PixelShuffle shuffle 1 1 {blob} residual 0={shape.scale * shape.unshuffle}",
        f"Interp nearest 1 1 data_nearest nearest 0=1 1={shape.scale:.1f} 2={shape.scale:.1f}",
        "BinaryOp add 2 1 residual nearest output 0=0",
    ]
    blobs = 3 + len(network.convs) + 3
    return "\n".join([PARAM_MAGIC, f"{len(layers)} {blobs}", *layers]) + "\n"


def weight_bytes(network: UpscaleNetwork) -> bytes:
    """Per convolution: tag, weights in (out, in, y, x) order, bias; all little-endian fp32."""
    parts: list[bytes] = []
    for weight, bias in exported_layers(network):
        parts += [FP32_TAG, weight.numpy().astype("<f4").tobytes(), bias.numpy().astype("<f4").tobytes()]
    return b"".join(parts)


@torch.no_grad()
def merge_difference(network: UpscaleNetwork) -> float:
    """Largest absolute difference between merged and separate branches on random input in [0, 1]."""
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(1, 3, 40, 56, generator=generator)
    return (network(x) - network.forward_branches(x)).abs().max().item()


def export(network: UpscaleNetwork, folder: Path, name: str) -> dict[str, object]:
    """Write NAME.param and NAME.bin into folder; returns their digests and the merge check's result.

    Raises ValueError if merged and separate branches disagree.
    """
    network = network.float().cpu().eval()
    difference = merge_difference(network)
    if not difference <= MERGE_TOLERANCE:
        raise ValueError(
            f"expected merged and separate branches to agree within {MERGE_TOLERANCE}, received {difference}"
        )
    folder.mkdir(parents=True, exist_ok=True)
    files = {f"{name}.param": param_text(network).encode("ascii"), f"{name}.bin": weight_bytes(network)}
    for file, content in files.items():
        (folder / file).write_bytes(content)
    return {
        "merge_max_abs_difference": difference,
        "sha256": {file: hashlib.sha256(content).hexdigest() for file, content in files.items()},
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="folder to write into")
    parser.add_argument("--name", required=True, help="file name without extension")
    arguments = parser.parse_args()
    print(json.dumps(export(load_network(arguments.checkpoint), arguments.out, arguments.name), indent=2))


if __name__ == "__main__":
    main()
