"""This machine's settings file, config.toml: read it, and change one key."""

import json
import os
from pathlib import Path

from queuectl.errors import InvalidSetting


def load(path: Path) -> dict[str, str]:
    """Return the settings in the file as text; no file is no settings.

    Raises:
        InvalidSetting: it is no TOML, or cannot be read.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return {}
    except OSError as exc:
        raise InvalidSetting(f"{path} cannot be read: {exc.strerror}") from exc
    import tomllib

    try:
        table = tomllib.loads(data.decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise InvalidSetting(f"{path} is no valid TOML: {exc}", hint="Mend the file, or delete it.") from exc
    return {key: str(value).lower() if isinstance(value, bool) else str(value) for key, value in table.items()}


def change(path: Path, key: str, value: str | None) -> None:
    """Set a key, or remove it; the file is replaced as a whole."""
    table = load(path)
    table.pop(key, None)
    if value is not None:
        table[key] = value
    lines = ["# This machine's settings; change them with 'queuectl config set KEY VALUE'.\n"]
    # A JSON string is a TOML basic string.
    lines += [f"{name} = {json.dumps(text, ensure_ascii=False)}\n" for name, text in sorted(table.items())]
    try:
        data = "".join(lines).encode()
    except UnicodeEncodeError as exc:
        raise InvalidSetting(f"{key}: {value!r} is not valid Unicode") from exc
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    fresh.write_bytes(data)
    fresh.replace(path)
