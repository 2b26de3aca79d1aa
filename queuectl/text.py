"""Text that others wrote, made fit for a terminal."""


def plain(text: object) -> str:
    """Make a text safe for one line of a terminal: nothing in it can move the cursor or hide what stands there."""
    line = "" if text is None else str(text)
    if line.isprintable():
        return line
    return "".join(char if char.isprintable() else " " if char.isspace() else "\ufffd" for char in line)
