"""The drop folder on disk: what lies where, and the moves that never overwrite, follow or lose a file.

drop/NAME.job                      dropped, not yet touched
drop/.claimed/<claim id>/NAME.job  ours: being enqueued; after a crash it is taken up again from here
drop/accepted/NAME.job             enqueued
drop/rejected/NAME.job             refused, with NAME.job.error.txt beside it
"""

import os
import re
import stat
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from queuectl.errors import DropFolderRefused
from queuectl.platform.files import is_foreign, is_open_to_others, move, sync_directory

_CLAIM_ID = re.compile(r"[0-9a-f]{32}")
_NAME_MAX = 230  # bytes; leaves room for a number and for .error.txt in the usual 255
_ERROR_SUFFIX = ".error.txt"

Checkpoint = Callable[[str], None]
"""Is told each step of a file's way; tests crash in it."""


def no_checkpoint(step: str) -> None:
    """Do nothing at a step."""


def is_job_name(name: str) -> bool:
    """Tell whether a file of this name is meant for the queue."""
    return name.lower().endswith(".job") and not name.startswith(".")


def printable(name: str) -> str:
    """Return a file's name as text that any terminal or database takes."""
    return "".join(char if char.isprintable() else "�" for char in name)


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """A file that was taken out of everybody's reach; ``id`` stays the same through crashes."""

    id: str
    path: Path


class DropFolder:
    """Know the places in a drop folder and move files between them."""

    def __init__(self, path: Path, *, checkpoint: Checkpoint = no_checkpoint) -> None:
        self.path = path
        self.accepted = path / "accepted"
        self.rejected = path / "rejected"
        self.claimed = path / ".claimed"
        self.lock = self.claimed / ".lock"
        self._checkpoint = checkpoint

    def prepare(self) -> tuple[int, int]:
        """Create what is missing and return the folder's device and inode, which change when it is made anew.

        Raises:
            DropFolderRefused: others could put jobs into it.
            OSError: it cannot be made or looked at.
        """
        info = _private_directory(self.path)
        for path in (self.accepted, self.rejected, self.claimed):
            _private_directory(path)
        return info.st_dev, info.st_ino

    def waiting(self) -> list[Path]:
        """Return what lies in the folder for the queue, in the order of names."""
        with os.scandir(self.path) as entries:
            return sorted(self.path / entry.name for entry in entries if is_job_name(entry.name))

    def claim(self, path: Path) -> Claim | None:
        """Take a file by renaming it; return None when somebody else was quicker.

        Raises:
            OSError: it stays where it is.
        """
        claim_id = uuid.uuid4().hex
        directory = self.claimed / claim_id
        directory.mkdir(mode=0o700)
        self._checkpoint("made")
        try:
            move(path, directory / path.name)
        except OSError as exc:
            with suppress(OSError):
                directory.rmdir()
            if isinstance(exc, FileNotFoundError):
                return None
            raise
        self._checkpoint("claimed")
        return Claim(id=claim_id, path=directory / path.name)

    def claims(self) -> list[Claim]:
        """Return all claims in the order of file names; remove what a crash left of those that ended."""
        found = []
        for directory in self.claimed.iterdir():
            if not _CLAIM_ID.fullmatch(directory.name) or not directory.is_dir():
                continue
            paths = [path for path in directory.iterdir() if is_job_name(path.name)]
            if len(paths) == 1:  # with a second one, which only a person can have put there, the id would mean neither
                found.append(Claim(id=directory.name, path=paths[0]))
            elif not paths:
                with suppress(OSError):
                    directory.rmdir()
        return sorted(found, key=lambda claim: (claim.path.name, claim.id))

    def sync(self, claims: list[Claim]) -> None:
        """Make claims survive a power cut: else a file could come back, and be enqueued under a second id."""
        for claim in claims:
            sync_directory(claim.path.parent)
        if claims:
            sync_directory(self.claimed)
            sync_directory(self.path)

    def accept(self, claim: Claim) -> Path:
        """Move a claimed file to accepted/ and return its new path.

        Raises:
            OSError: it stays claimed.
        """
        target = self.accepted / _free_name(claim.path.name, lambda name: os.path.lexists(self.accepted / name))
        return self._finish(claim, target)

    def reject(self, claim: Claim, explanation: str) -> Path:
        """Move a claimed file to rejected/, after the reason was written beside it, and return its new path.

        Raises:
            OSError: it stays claimed.
        """
        text = f"{explanation.rstrip()}\nClaim: {claim.id}\n"

        def is_taken(name: str) -> bool:
            explained = self.rejected / (name + _ERROR_SUFFIX)
            if os.path.lexists(self.rejected / name):
                return True
            return os.path.lexists(explained) and not _mentions(explained, claim.id)

        target = self.rejected / _free_name(claim.path.name, is_taken)
        draft = self.rejected / f".{claim.id}.tmp"
        with draft.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target.with_name(target.name + _ERROR_SUFFIX))
        sync_directory(self.rejected)
        self._checkpoint("explained")
        return self._finish(claim, target)

    def _finish(self, claim: Claim, target: Path) -> Path:
        move(claim.path, target)
        self._checkpoint("moved")
        with suppress(OSError):  # the next listing of the claims removes it
            claim.path.parent.rmdir()
        return target


def _private_directory(path: Path) -> os.stat_result:
    with suppress(FileExistsError):
        path.mkdir(mode=0o700, parents=True)
    return check_folder(path)


def check_folder(path: Path) -> os.stat_result:
    """Look at a folder that is there, and refuse one into which others could put jobs.

    Raises:
        DropFolderRefused: it is a link, no folder, another user's, or open to others.
        OSError: it cannot be looked at.
    """
    info = path.lstat()
    if stat.S_ISLNK(info.st_mode):
        raise DropFolderRefused(f"{path} is a symbolic link", hint="Name the folder that it leads to.")
    if not stat.S_ISDIR(info.st_mode):
        raise DropFolderRefused(f"{path} is no folder", hint="Move it away, or choose another drop folder.")
    if is_foreign(info):
        raise DropFolderRefused(f"{path} belongs to another user", hint="Choose a drop folder of your own.")
    if is_open_to_others(info):
        raise DropFolderRefused(
            f"others can write into {path}, and so run commands as you", hint=f'Close it: chmod go-w "{path}"'
        )
    return info


def _mentions(path: Path, claim_id: str) -> bool:
    if not stat.S_ISREG(path.lstat().st_mode):
        return False
    return claim_id in path.read_text(encoding="utf-8", errors="replace")


def _free_name(name: str, is_taken: Callable[[str], bool]) -> str:
    """Return ``x.job``, else ``x-2.job``, ``x-3.job``...: few looks even where thousands are taken."""
    stem, _, extension = name.rpartition(".")
    while len(os.fsencode(f"{stem}.{extension}")) > _NAME_MAX:
        stem = stem[:-1]
    name = f"{stem}.{extension}"
    if not is_taken(name):
        return name
    low, high = 1, 2  # low is taken; look for a high that is not
    while is_taken(f"{stem}-{high}.{extension}"):
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        if is_taken(f"{stem}-{middle}.{extension}"):
            low = middle
        else:
            high = middle
    return f"{stem}-{high}.{extension}"
