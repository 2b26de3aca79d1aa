"""Who may come in: the token in a file, one-time codes for browsers, and the sessions they are exchanged for."""

import base64
import hashlib
import hmac
import os
import secrets
import threading
import time
from contextlib import suppress
from pathlib import Path

from queuectl.errors import QueuectlError
from queuectl.platform.files import is_foreign, is_readable_by_others

TOKEN_BYTES = 32
CODE_SECONDS = 60.0
"""How long a code can be exchanged."""
SESSION_SECONDS = 30 * 86_400
"""How long a browser stays proven after it last loaded the page."""
_MOST_CODES = 100
_PATIENCE = 1.0
"""Seconds in which another process has written the token it has just made the file for."""


def token_file(files: Path) -> Path:
    """Return where a queue's token is kept."""
    return files / "dashboard.token"


def read_token(path: Path) -> str:
    """Return the token, making it at the first time; one that others could read is replaced.

    Raises:
        QueuectlError: the file belongs to somebody else, or cannot be read or written.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            info = path.lstat()
            if is_foreign(info):
                raise QueuectlError(f"{path} belongs to another user", hint="Delete it; a new one is made.")
            if is_readable_by_others(info):
                path.unlink()
        with suppress(FileExistsError):
            return _make(path)
        deadline = time.monotonic() + _PATIENCE
        while len(text := path.read_text("ascii").strip()) < len(_encoded(bytes(TOKEN_BYTES))):
            if time.monotonic() > deadline:
                raise QueuectlError(f"{path} holds no token", hint="Delete it; a new one is made.")
            time.sleep(0.02)
    except (OSError, UnicodeDecodeError) as exc:
        raise QueuectlError(f"the token in {path} cannot be used: {exc}") from exc
    return text


def new_token(path: Path) -> str:
    """Replace the token: whoever has the old one, or a session by it, is out."""
    path.unlink(missing_ok=True)
    return read_token(path)


def _make(path: Path) -> str:
    token = _encoded(secrets.token_bytes(TOKEN_BYTES))
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(token + "\n")
    except OSError:  # the disk is full: half a token would never become one
        path.unlink(missing_ok=True)
        raise
    return token


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Keys:
    """Check what visitors show; everything derives from the token, so sessions outlive this process."""

    def __init__(self, path: Path, *, share_logs: bool = False) -> None:
        self._path = path
        self._token = read_token(path)
        self._seen = self._look()
        self._codes: dict[str, float] = {}
        self._lock = threading.Lock()
        self.logs = secrets.token_urlsafe(TOKEN_BYTES) if share_logs else None
        """The key with which other machines read logs, as long as this process lives."""
        instance = hashlib.sha256(os.fsencode(path.absolute())).hexdigest()[:10]
        self.cookie = f"queuectl-{instance}"
        """The cookie's name: browsers share cookies between all ports of a machine."""

    def is_token(self, text: str) -> bool:
        """Tell whether it is the token."""
        return secrets.compare_digest(text.encode(), self._current().encode())

    def is_logs_key(self, text: str) -> bool:
        """Tell whether it is the key with which other machines read logs here, and nothing else."""
        return self.logs is not None and secrets.compare_digest(text.encode(), self.logs.encode())

    def code(self) -> str:
        """Return a new code, good for one exchange within a minute."""
        now = time.monotonic()
        code = secrets.token_urlsafe(24)
        with self._lock:  # the tray's menu asks in another thread than browsers
            self._codes = {code: until for code, until in self._codes.items() if until > now}
            while len(self._codes) >= _MOST_CODES:
                self._codes.pop(next(iter(self._codes)))
            self._codes[code] = now + CODE_SECONDS
        return code

    def redeem(self, code: str) -> str | None:
        """Exchange a code for a session; None when it was none, or its time is over."""
        with self._lock:
            until = self._codes.pop(code, None)
        return self.session() if until is not None and until > time.monotonic() else None

    def session(self, name: str | None = None) -> str:
        """Return the cookie of a session, of a new one or of one that goes on."""
        name = name or secrets.token_urlsafe(12)
        text = f"{name}.{int(time.time()) + SESSION_SECONDS}"
        return f"{text}.{self._sign('session', text)}"

    def check_session(self, cookie: str) -> str | None:
        """Return the session's name, or None when the cookie proves nothing."""
        text, _, signature = cookie.rpartition(".")
        name, _, until = text.partition(".")
        if not name or not until.isascii() or not until.isdigit() or len(until) > 15:
            return None
        if not secrets.compare_digest(signature.encode(), self._sign("session", text).encode()):
            return None
        return name if int(until) > time.time() else None

    def csrf(self, session: str) -> str:
        """Return what a page of this session carries in a header, which no other site's page can know."""
        return self._sign("csrf", session)

    def is_csrf(self, session: str, text: str) -> bool:
        """Tell whether it is what a page of this session carries."""
        return secrets.compare_digest(text.encode(), self.csrf(session).encode())

    def _sign(self, purpose: str, text: str) -> str:
        return _encoded(hmac.digest(self._current().encode(), f"{purpose}:{text}".encode(), "sha256"))

    def _current(self) -> str:
        """Return the token as the file has it now: a new one puts everybody out at once."""
        seen = self._look()
        if seen != self._seen:
            self._token, self._seen = read_token(self._path), self._look()
        return self._token

    def _look(self) -> tuple[int, int] | None:
        try:
            info = self._path.stat()
        except OSError:
            return None
        return info.st_mtime_ns, info.st_ino
