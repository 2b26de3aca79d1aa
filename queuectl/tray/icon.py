"""Draw the icon: one sign a mood, told apart by shape and not by colour alone; the one source of every picture of it."""

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
    _sign(draw, picture.mood, side, BLACK if template else WHITE)
    if picture.count and size >= BADGE_FROM and not template:
        _badge(draw, picture.count, side)
    return image.resize((size, size), Image.Resampling.LANCZOS)


def render_argb(picture: Picture, size: int) -> tuple[int, int, bytes]:
    """Return width, height and pixels as StatusNotifierItem wants them: ARGB32 in network byte order."""
    red, green, blue, alpha = render_image(picture, size).split()
    return size, size, Image.merge("RGBA", (alpha, red, green, blue)).tobytes()


def _sign(draw: ImageDraw.ImageDraw, mood: Mood, side: int, colour: tuple[int, int, int, int]) -> None:
    def bar(left: float, top: float, right: float, bottom: float) -> None:
        box = (left * side, top * side, right * side, bottom * side)
        draw.rounded_rectangle(box, radius=min(box[2] - box[0], box[3] - box[1]) / 2.6, fill=colour)

    def shape(*points: tuple[float, float]) -> None:
        draw.polygon([(x * side, y * side) for x, y in points], fill=colour)

    def dot(x: float, y: float, radius: float) -> None:
        draw.ellipse(((x - radius) * side, (y - radius) * side, (x + radius) * side, (y + radius) * side), fill=colour)

    match mood:
        case Mood.IDLE:  # a queue
            for top in (0.2, 0.43, 0.66):
                bar(0.18, top, 0.82, top + 0.14)
        case Mood.RUNNING:
            shape((0.3, 0.18), (0.84, 0.5), (0.3, 0.82))
        case Mood.PAUSED:
            bar(0.24, 0.2, 0.43, 0.8)
            bar(0.57, 0.2, 0.76, 0.8)
        case Mood.ATTENTION:
            bar(0.41, 0.14, 0.59, 0.62)
            dot(0.5, 0.78, 0.105)
        case Mood.ERROR:
            width = 0.16 * side
            for line in (((0.24, 0.24), (0.76, 0.76)), ((0.76, 0.24), (0.24, 0.76))):
                draw.line([(x * side, y * side) for x, y in line], fill=colour, width=round(width))
                for x, y in line:
                    dot(x, y, 0.08)
        case Mood.STARTING:
            for x in (0.24, 0.5, 0.76):
                dot(x, 0.5, 0.1)


def _badge(draw: ImageDraw.ImageDraw, count: int, side: int) -> None:
    text = str(count) if count <= 99 else "99+"
    font = ImageFont.load_default(side * (0.36 if len(text) < 3 else 0.28))
    height = side * 0.44
    width = max(height, draw.textlength(text, font=font) + side * 0.16)
    box = (side - width, side - height, side - 1, side - 1)
    draw.rounded_rectangle(box, radius=height / 2, fill=WHITE, outline=(15, 23, 42, 255), width=max(1, side // 40))
    draw.text((side - width / 2, side - height / 2), text, font=font, fill=(15, 23, 42, 255), anchor="mm")
