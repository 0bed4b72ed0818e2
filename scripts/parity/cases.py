"""The published networks and the programs that are known to run them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    name: str
    model: str
    """Path of the .param and .bin file below the models folder, without the ending."""
    frame: str
    """See frames.FRAMES."""
    tool: str
    """Which package runs it: realcugan, waifu2x or realesrgan."""
    scale: int
    variant: str = ""
    """The package's own folder of models; empty for the Real-ESRGAN package, which is given the files."""
    noise: int = -1
    """The package's denoise level; -1 is none."""
    broken_on_cpu: bool = False
    """The package gives noise on the CPU, whatever the image; see docs/quality.md."""

    @property
    def runs_on_cpu(self) -> bool:
        """The Real-ESRGAN package knows Vulkan only."""
        return self.tool != "realesrgan" and not self.broken_on_cpu

    @property
    def has_global_means(self) -> bool:
        return self.variant in ("models-se", "models-pro", "models-cunet")


CASES = [
    Case("Real-CUGAN se 2x", "realcugan-se/up2x-conservative", "realcugan-2x", "realcugan", 2, "models-se"),
    Case("Real-CUGAN se 3x", "realcugan-se/up3x-conservative", "realcugan-3x", "realcugan", 3, "models-se"),
    Case("Real-CUGAN se 4x", "realcugan-se/up4x-conservative", "realcugan-4x", "realcugan", 4, "models-se"),
    Case("Real-CUGAN pro 2x", "realcugan-pro/up2x-conservative", "realcugan-2x", "realcugan", 2, "models-pro"),
    Case("Real-CUGAN nose 2x", "realcugan-nose/up2x-no-denoise", "realcugan-2x", "realcugan", 2, "models-nose", 0),
    Case(
        *("waifu2x cunet", "waifu2x-cunet/noise0_scale2.0x_model", "waifu2x-cunet", "waifu2x", 2),
        *("models-cunet", 0, True),
    ),
    Case(
        *("waifu2x upconv7", "waifu2x-upconv7-anime/noise0_scale2.0x_model", "waifu2x-upconv7", "waifu2x", 2),
        *("models-upconv_7_anime_style_art_rgb", 0),
    ),
    Case("animevideov3 2x", "realesr-animevideov3/realesr-animevideov3-x2", "realesrgan", "realesrgan", 2),
    Case("general x4v3", "realesr-general-x4v3/RealESRGAN_General_x4_v3", "realesrgan", "realesrgan", 4),
    Case("SPAN 2x", "span-custom/2x_ModernSpanimationV1", "realesrgan", "realesrgan", 2),
    Case("OpenComic 2x", "opencomic-ai/opencomic-ai-upscale-2x-compact-450000", "realesrgan", "realesrgan", 2),
]
