"""Sheets of lettering, rendered once when packing, so that the training host needs no fonts.

A sheet is a greyscale image, 255 where ink goes. Sizes run from barely legible to sound-effect size; scripts
are those of the fonts at hand.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

# Glyphs are drawn this many times too large and shrunk: unhinted, and at any fraction of a pixel.
SUPERSAMPLING = 4
SMALLEST, LARGEST = 8.0, 90.0

LATIN = (
    "and the you what not here with have this that from they will know never always where right night "
    "light house wait stop look listen quick careful master captain doctor dragon forest river castle "
    "village morning yesterday tomorrow please sorry thanks promise secret letter window bridge market "
    "crystal potion journey friend enemy silence thunder whisper shadow golden bitter hungry WHAM crash "
    "KRAK hmm ... ?! 12 305 7:45 #2 No. (ha) quiet oxygen jigsaw zephyr valley wizard vex glyph sphinx "
    "être déjà garçon où forêt naïf cœur ça À bientôt élève mañana ¿qué? ¡sí! über größe señor più"
)
CYRILLIC = (
    "и что не здесь есть это они знать никогда всегда где ночь свет дом стой смотри слушай быстро хозяин "
    "капитан дракон лес река замок утро завтра спасибо письмо окно мост друг враг тишина гром шёпот тень "
    "щит объём эхо юный жар цвет БУМ ХЛОП"
)
KOREAN = (
    "그리고 무엇 여기 이것 그들은 절대 항상 어디 밤 빛 집 잠깐 멈춰 봐 빨리 주인 대장 용 숲 강 성 "
    "마을 아침 어제 내일 제발 미안 고마워 약속 비밀 편지 창문 다리 시장 친구 적 침묵 천둥 그림자 "
    "쾅 음... 왜? 뭐라고! 괜찮아 싫어"
)
KANA = (
    "あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほまみむめもやゆよらりるれろわをん"
    "がぎぐげござじずでどばびぶべぼぱぴぷっゃゅょアイウエオカキクケコサシスセソタチツテトナニヌネノ"
    "ハヒフヘホマミムメモヤユヨラリルレロワンガギグゲゴザジズデドバビブベボパピプッャュョー…！？、。"
)
KANJI = (
    "人一大年出本中子見国言上分生手自行者間話今何彼女時思気前私知物場心力目先家入事外明口来下山川"
    "森空火水木金土日月星雨風花鳥犬猫馬魚神王剣戦夢愛恋友敵父母兄弟姉妹朝昼夜春夏秋冬白黒赤青光影"
    "学校先生部屋電車走飛食飲待聞読書名前世界最後始終死殺逃助守変化顔声道意味難義務誰議論警護鬱"
)
HANZI = (
    "的一是不了在人有我他这个们来到时大地为子中你说生国年着就那和要她出也得里后自以会家可下而过天去"
    "能对小多然于心学么之都好看起发当没成只如事把还用第样道想作种开美总从无情己面最女但现前些所同日"
    "手又行意动方期它头经长儿回位分爱老因很给名法间斯知世什两次使身者被高已亲其进此话常与活正感谢龙"
)


@dataclass(frozen=True)
class Script:
    """words: what lines are made of; spaced: words stand apart; vertical: probability of columns."""

    words: tuple[str, ...]
    share: float
    spaced: bool = True
    vertical: float = 0.0


SCRIPTS = (
    Script(tuple(LATIN.split()), 0.5),
    Script(tuple(CYRILLIC.split()), 0.08),
    Script(tuple(KOREAN.split()), 0.08),
    Script(tuple(KANA * 2 + KANJI), 0.24, spaced=False, vertical=0.7),
    Script(tuple(HANZI), 0.1, spaced=False, vertical=0.3),
)


class FontLibrary:
    """The fonts below a folder, by script.

    A family (a folder of font files) is drawn first, so that one with many weights does not outnumber others.
    Raises FileNotFoundError if there are no fonts or none for the Latin script.
    """

    def __init__(self, folder: Path) -> None:
        paths = sorted(path for suffix in ("ttf", "otf", "ttc") for path in folder.rglob(f"*.{suffix}"))
        self._families: dict[Script, dict[Path, list[Path]]] = {script: {} for script in SCRIPTS}
        for path in paths:
            for script in SCRIPTS:
                if covers(path, script):
                    self._families[script].setdefault(path.parent, []).append(path)
        if not self._families[SCRIPTS[0]]:
            raise FileNotFoundError(
                f"expected fonts (ttf, otf or ttc) with Latin letters below {folder}, "
                f"received {len(paths)} font files and none with them"
            )
        self.scripts = [script for script in SCRIPTS if self._families[script]]

    def script_at(self, position: float) -> Script:
        """The script at 0 to 1 of the way through all sheets, so that each gets its share."""
        remaining = position * sum(script.share for script in self.scripts)
        for script in self.scripts:
            remaining -= script.share
            if remaining < 0:
                return script
        return self.scripts[-1]

    def draw(self, script: Script, rng: random.Random) -> Path:
        """A font for the script."""
        families = self._families[script]
        return rng.choice(families[rng.choice(sorted(families))])


def covers(path: Path, script: Script) -> bool:
    """Whether the font has a glyph for each of the script's characters (none shown as a missing one)."""
    font = ImageFont.truetype(str(path), 16)
    missing = bytes(font.getmask("\uffff"))
    letters = sorted({letter for word in script.words for letter in word})
    return all(bytes(font.getmask(letter)) not in (missing, b"") for letter in letters)


def render_sheet(library: FontLibrary, script: Script, size: int, rng: random.Random) -> Image.Image:
    """One size x size sheet ("L") in one script, lines or columns in changing fonts and sizes."""
    vertical = rng.random() < script.vertical
    side = size * SUPERSAMPLING
    sheet = Image.new("L", (side, side), 0)
    draw = ImageDraw.Draw(sheet)
    position = rng.uniform(0, SMALLEST)
    while position < size - SMALLEST:
        height = SMALLEST * (LARGEST / SMALLEST) ** (rng.random() ** 2)
        font = ImageFont.truetype(str(library.draw(script, rng)), height * SUPERSAMPLING)
        count = round((1.5 if script.spaced else 1) * size / height) + 2
        words = [rng.choice(script.words) for _ in range(count)]
        text = (" " if script.spaced else "").join(words)
        start, offset = rng.uniform(-20, 20) * SUPERSAMPLING, position * SUPERSAMPLING
        if vertical:
            column = side - offset - height * SUPERSAMPLING / 2
            for number, letter in enumerate(text):
                draw.text((column, start + number * height * SUPERSAMPLING), letter, 255, font, anchor="ma")
        else:
            draw.text((start, offset), text.upper() if rng.random() < 0.6 else text, 255, font)
        position += height * rng.uniform(1.15, 1.6)
    return sheet.reduce(SUPERSAMPLING)
