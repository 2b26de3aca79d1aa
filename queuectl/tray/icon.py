"""Draw the icon: one sign a mood, told apart by its shape; the one source of every picture of it."""

from collections.abc import Callable, Mapping
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont

from queuectl.tray.backend import Mood, Picture

OVERSAMPLING = 8
BADGE_FROM = 32
"""Pixels; in a smaller icon a number would not be legible."""
WHITE = (255, 255, 255, 255)
BLACK = (0, 0, 0, 255)
TILES = {
    Mood.STARTING: (100, 116, 139, 255),
    Mood.IDLE: (37, 99, 235, 255),
    Mood.RUNNING: (22, 163, 74, 255),
    Mood.PAUSED: (180, 83, 9, 255),
    Mood.ATTENTION: (220, 38, 38, 255),
    Mood.ERROR: (69, 10, 10, 255),
}
"""The colour of each mood's tile; white on each has a contrast of at least 3."""


@lru_cache(maxsize=128)
def render_image(picture: Picture, size: int, *, template: bool = False) -> Image.Image:
    """Draw a picture with ``size`` pixels a side; a template is black on nothing, for macOS to tint."""
    side = size * OVERSAMPLING
    image = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    if not template:
        draw.rounded_rectangle((0, 0, side - 1, side - 1), radius=side * 0.22, fill=TILES[picture.mood])
    SIGNS[picture.mood](_Pen(draw, side, BLACK if template else WHITE))
    if picture.count and size >= BADGE_FROM and not template:
        _badge(draw, picture.count, side)
    return image.resize((size, size), Image.Resampling.LANCZOS)


def render_argb(picture: Picture, size: int) -> tuple[int, int, bytes]:
    """Return width, height and pixels as StatusNotifierItem wants them: ARGB32 in network byte order."""
    red, green, blue, alpha = render_image(picture, size).split()
    return size, size, Image.merge("RGBA", (alpha, red, green, blue)).tobytes()


class _Pen:
    """Draw in fractions of the icon's side."""

    def __init__(self, draw: ImageDraw.ImageDraw, side: int, colour: tuple[int, int, int, int]) -> None:
        self._draw, self._side, self._colour = draw, side, colour

    def bar(self, left: float, top: float, right: float, bottom: float) -> None:
        box = [edge * self._side for edge in (left, top, right, bottom)]
        radius = min(box[2] - box[0], box[3] - box[1]) / 2.6
        self._draw.rounded_rectangle(box, radius=radius, fill=self._colour)

    def shape(self, *points: tuple[float, float]) -> None:
        self._draw.polygon([(x * self._side, y * self._side) for x, y in points], fill=self._colour)

    def dot(self, x: float, y: float, radius: float) -> None:
        box = [edge * self._side for edge in (x - radius, y - radius, x + radius, y + radius)]
        self._draw.ellipse(box, fill=self._colour)

    def stroke(self, begin: tuple[float, float], end: tuple[float, float], width: float) -> None:
        points = [(x * self._side, y * self._side) for x, y in (begin, end)]
        self._draw.line(points, fill=self._colour, width=round(width * self._side))
        for x, y in (begin, end):
            self.dot(x, y, width / 2)


def _queue(pen: _Pen) -> None:
    for top in (0.2, 0.43, 0.66):
        pen.bar(0.18, top, 0.82, top + 0.14)


def _play(pen: _Pen) -> None:
    pen.shape((0.3, 0.18), (0.84, 0.5), (0.3, 0.82))


def _two_bars(pen: _Pen) -> None:
    pen.bar(0.24, 0.2, 0.43, 0.8)
    pen.bar(0.57, 0.2, 0.76, 0.8)


def _exclamation(pen: _Pen) -> None:
    pen.bar(0.41, 0.14, 0.59, 0.62)
    pen.dot(0.5, 0.78, 0.105)


def _cross(pen: _Pen) -> None:
    pen.stroke((0.24, 0.24), (0.76, 0.76), 0.16)
    pen.stroke((0.76, 0.24), (0.24, 0.76), 0.16)


def _three_dots(pen: _Pen) -> None:
    for x in (0.24, 0.5, 0.76):
        pen.dot(x, 0.5, 0.1)


SIGNS: Mapping[Mood, Callable[[_Pen], None]] = {
    Mood.STARTING: _three_dots,
    Mood.IDLE: _queue,
    Mood.RUNNING: _play,
    Mood.PAUSED: _two_bars,
    Mood.ATTENTION: _exclamation,
    Mood.ERROR: _cross,
}


def _badge(draw: ImageDraw.ImageDraw, count: int, side: int) -> None:
    text = str(count) if count <= 99 else "99+"
    font = ImageFont.load_default(side * (0.36 if len(text) < 3 else 0.28))
    height = side * 0.44
    width = max(height, draw.textlength(text, font=font) + side * 0.16)
    box = (side - width, side - height, side - 1, side - 1)
    draw.rounded_rectangle(box, radius=height / 2, fill=WHITE, outline=(15, 23, 42, 255), width=max(1, side // 40))
    draw.text((side - width / 2, side - height / 2), text, font=font, fill=(15, 23, 42, 255), anchor="mm")
