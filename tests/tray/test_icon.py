"""The icon: told apart at 22 pixels, without colour, and the files are what the source draws."""

from itertools import combinations
from pathlib import Path

from PIL import Image, ImageChops

from queuectl.tray.backend import Mood, Picture
from queuectl.tray.icon import TILES, WHITE, render_argb, render_image

ICONS = Path(__file__).parent.parent.parent / "icons"


def test_moods_are_told_apart_without_colour():
    shapes = {mood: render_image(Picture(mood=mood), 22, template=True).getchannel("A") for mood in Mood}
    for one, other in combinations(Mood, 2):
        difference = ImageChops.difference(shapes[one], shapes[other]).histogram()
        assert sum(difference[128:]) > 30, (one, other)  # pixels that are there in one and not in the other


def test_the_sign_stands_out_from_its_tile():
    def luminance(colour):
        parts = [c / 255 for c in colour[:3]]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for tile in TILES.values():  # https://www.w3.org/TR/WCAG22/#contrast-minimum for graphics
        assert (luminance(WHITE) + 0.05) / (luminance(tile) + 0.05) >= 3


def test_a_badge_only_where_it_is_legible():
    for size, differs in ((22, False), (32, True), (64, True)):
        without, with_count = (render_image(Picture(mood=Mood.RUNNING, count=n), size) for n in (0, 7))
        assert (without.tobytes() != with_count.tobytes()) is differs


def test_argb_is_in_network_byte_order():
    width, height, data = render_argb(Picture(mood=Mood.IDLE), 22)
    assert (width, height, len(data)) == (22, 22, 22 * 22 * 4)
    middle = 4 * (11 * 22 + 11)
    red, green, blue, alpha = render_image(Picture(mood=Mood.IDLE), 22).getpixel((11, 11))
    assert tuple(data[middle : middle + 4]) == (alpha, red, green, blue)


def test_the_files_have_every_size_and_are_up_to_date():
    with Image.open(ICONS / "queuectl.ico") as ico:
        assert {size for size, _ in ico.info["sizes"]} == {16, 20, 24, 32, 40, 48, 64, 128, 256}
    with Image.open(ICONS / "queuectl.icns") as icns:
        assert max(size * scale for size, _, scale in icns.info["sizes"]) == 1024
    for mood in Mood:
        with Image.open(ICONS / f"{mood}-64.png") as drawn:
            assert drawn.tobytes() == render_image(Picture(mood=mood), 64).tobytes()
