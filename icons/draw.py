"""Draw every icon file from the one source, queuectl/tray/icon.py: ``make icons``."""

from pathlib import Path

from queuectl.tray.backend import Mood, Picture
from queuectl.tray.icon import render_image

HERE = Path(__file__).parent
ICO = (16, 20, 24, 32, 40, 48, 64, 128, 256)
ICNS = (16, 32, 64, 128, 256, 512, 1024)
PNG = (16, 22, 24, 32, 48, 64, 128, 256, 512)
APPLICATION = Picture(mood=Mood.IDLE)


def main() -> None:
    """Write queuectl.ico, queuectl.icns, the PNGs of the application, and those of each mood with templates."""
    pictures = [render_image(APPLICATION, size) for size in ICO]
    pictures[-1].save(HERE / "queuectl.ico", append_images=pictures[:-1], sizes=[(size, size) for size in ICO])
    pictures = [render_image(APPLICATION, size) for size in ICNS]
    pictures[-1].save(HERE / "queuectl.icns", append_images=pictures[:-1])
    for size in PNG:
        render_image(APPLICATION, size).save(HERE / f"queuectl-{size}.png", optimize=True)
    for mood in Mood:
        render_image(Picture(mood=mood), 64).save(HERE / f"{mood}-64.png", optimize=True)
        for scale in (1, 2):
            image = render_image(Picture(mood=mood), 18 * scale, template=True)
            image.save(HERE / f"{mood}Template{'@2x' if scale == 2 else ''}.png", optimize=True)
    print(f"{len(list(HERE.glob('*.*'))) - 1} files in {HERE.name}/")  # noqa: T201 - what a script is to say


if __name__ == "__main__":
    main()
