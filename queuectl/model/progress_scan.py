"""How far a program is, read from what it prints for people: the shapes of known ones, and percentages redrawn.

Most tell percentages in passing ("100% of tests", "disk 93% full"), so a percentage counts only in a shape that is
known, on a line that is drawn over again, or in lines of one shape where it keeps growing.
"""

import re

from queuectl.model.progress import ANSI

_WINDOW = 8192
"""How much of a chunk is read, from its end: a progress display says everything again in a moment."""
_LONGEST_LINE = 2000
_GROWN = 3
"""How many growing percentages make a progress display of ordinary lines."""

# The end of a line, or what goes back to its beginning to draw it again. At the very end, \r may become \r\n yet.
_END = re.compile(rb"(\r{0,2}\n|\r(?!\r?\n|\Z)|\x08+)")

_PERCENT = r"(?P<percent>\d{1,3}(?:[.,]\d+)?) ?%"
_DONE = r"(?P<done>\d{1,15}(?:\.\d+)?)"
_TOTAL = r"(?P<total>\d{1,15}(?:\.\d+)?)"
_SIZE = r"[\d.]+[kMGTP]? +"
# Total, received and sent, each with its percentage; without a known total it says 100 and 0.
_CURL = (
    r"^ *(?!100 +\S+ +0 +\S+ +0 )(?P<percent>\d{1,3}) +(?!0 )"
    rf"{_SIZE}\d{{1,3}} +{_SIZE}\d{{1,3}} +{_SIZE}{_SIZE}{_SIZE}"
    r"[-\d:dhm]+ +[-\d:dhm]+ +[-\d:dhm]+ +[\d.]+[kMGTP]? *$"
)
_WITH_PERCENT = tuple(
    re.compile(shape, re.ASCII)
    for shape in (
        rf"{_PERCENT}\|.*\| *[\d.]+\w*/[\d.]+\w* \[",  # tqdm
        rf"^\[download\] +{_PERCENT} of ",  # yt-dlp
        r"^#* +(?P<percent>\d{1,3}\.\d)% *$",  # curl -#
        rf"{_PERCENT}\[[=+>< -]*\]",  # wget, its bar
        rf"^ *\d+[KMG] [ .,]+ {_PERCENT} +[\d.]+[KMGT]?",  # wget, its dots
        rf"^(?:Receiving|Writing) objects: +{_PERCENT} \({_DONE}/{_TOTAL}\)",  # git
        rf"^Progress: \[ *{_PERCENT}\]",  # apt, dpkg's part
        rf"^{_PERCENT} \[(?:\d+ |Working|Waiting|Connecting)",  # apt, what it fetches
        rf"^\[ *{_PERCENT}\] \S",  # CMake's makefiles
        rf"^\S.* \[ *{_PERCENT}\]$",  # pytest
        rf"\[[=> -]*\] +{_PERCENT}",  # pv
    )
)
_WITHOUT = tuple(
    re.compile(shape, re.ASCII)
    for shape in (
        _CURL,
        rf"[\u2501\u2578\u257a] {_DONE}/{_TOTAL} (?:[kMGT]?B|bytes)",  # pip
        rf"^ *Progress {_DONE} of {_TOTAL}\n",  # pip --progress-bar raw
        r"^(?:pm|dl)status:[^:]*:(?P<percent>\d{1,3}(?:\.\d+)?):",  # apt -o APT::Status-Fd
    )
)
_RSYNC = re.compile(
    rf"^ *[\d.,]+[KMGT]? +{_PERCENT} +[\d.,]+[kKMGT]?B/s +\d+:\d\d:\d\d"
    r"(?: \(xfe?r#(?P<number>\d+), (?:to|ir)-ch(?:ec)?k=(?P<left>\d{1,12})/(?P<total>\d{1,12})\))?",
    re.ASCII,
)
_FFMPEG_INPUT = re.compile(rb"Input #0,|Duration: (\d{1,6}):(\d\d):(\d\d)\.(\d)")
_FFMPEG_TIME = re.compile(r"time=(\d{1,6}):(\d\d):(\d\d)\.\d", re.ASCII)

_LOOSE = re.compile(rf"(?<![\d.,%-]){_PERCENT}(?!\w)", re.ASCII)
_DIGITS = re.compile(r"[\d.,]+", re.ASCII)
_NOT_PROGRESS = re.compile(
    r"\b(?:disk|full|free|used|usage|usr|sys|idle|cpu|gpu|mem|memory|ram|swap|load|battery|volume|loss|lost|hits?|"
    r"passed|failed|tests?|coverage|cover|accuracy|acc|error|ratio|compression|compressed|quality|confidence|"
    r"database|discount|faster|slower|(?:counting|compressing) objects|resolving deltas)\b",
    re.IGNORECASE,
)


class ProgressScanner:
    """Find out how far a program is from its output, fed in chunks as they come; some may be left out."""

    def __init__(self) -> None:
        self.fraction: float | None = None
        """The newest that was found, between 0 and 1; it falls back when a program begins a new part."""
        self._rest = b""
        self._redrawn = False
        self._known = False
        self._length = 0.0
        self._files: tuple[int, int] | None = None
        self._overall = False
        self._growing = ("", -1.0, 0)

    def feed(self, chunk: bytes) -> float | None:
        """Read more output; return how far the program is if this chunk tells it, else None."""
        data = self._rest + chunk
        if b"Duration: " in data or b"Input #0," in data:
            self._measure(data)
        if len(data) > _WINDOW:
            # What is left of the line that was cut has lost its beginning.
            head = _END.search(data, len(data) - _WINDOW)
            data = data[head.end() :] if head else b""
            self._redrawn = head is not None and b"\n" not in head[0]
        pieces = _END.split(data)
        found = None
        for line, end in zip(pieces[:-1:2], pieces[1::2], strict=True):
            redraws = b"\n" not in end
            fraction = self._read(line, redrawn=redraws or self._redrawn, ended=True)
            found = found if fraction is None else fraction
            self._redrawn = redraws
        self._rest = pieces[-1]
        # What stands on a line that is drawn over again is all there is for now.
        ended = self._redrawn and self._rest.endswith(b"\r")
        fraction = self._read(self._rest, redrawn=True, ended=ended, standing=self._redrawn)
        found = found if fraction is None else fraction
        if len(self._rest) > _LONGEST_LINE:
            self._rest = b""
        if found is not None:
            self.fraction = found
        return found

    def _read(self, raw: bytes, *, redrawn: bool, ended: bool, standing: bool = False) -> float | None:
        if not 3 < len(raw) <= _LONGEST_LINE:
            return None
        line = raw.decode("utf-8", "replace")
        if "\x1b" in line:
            line = ANSI.sub("", line)
        line = line.rstrip() + "\n" * ended
        fraction = self._known_shape(line)
        if fraction is not None:
            self._known = True
            return fraction
        return self._loose(line, redrawn=redrawn) if (ended or standing) and not self._known else None

    def _known_shape(self, line: str) -> float | None:
        if self._length and (match := _FFMPEG_TIME.search(line)):
            hours, minutes, seconds = map(int, match.groups())
            return min((hours * 3600 + minutes * 60 + seconds) / self._length, 1.0)
        if "%" in line and (match := _RSYNC.match(line)):
            return self._rsync(match)
        for shape in _WITH_PERCENT if "%" in line else _WITHOUT:
            if match := shape.search(line):
                parts = match.groupdict()
                if "total" in parts:
                    total = float(parts["total"])
                    return min(float(parts["done"]) / total, 1.0) if total else None
                return _share(parts["percent"])
        return None

    def _rsync(self, match: re.Match[str]) -> float | None:
        """Read rsync's percentage: of all with --info=progress2, else of one file, which is then set among all."""
        share = _share(match["percent"])
        if match["number"]:
            total = int(match["total"])
            left = min(int(match["left"]), total)
            if match["number"] == "1":
                self._overall = False
            if share < 1:
                self._overall = True  # only a whole can be unfinished when a file of it is finished
            self._files = None if self._overall or total == 0 else (total - left, total)
            return share if self._files is None else (total - left) / total
        if self._files is None:
            return share
        done, total = self._files
        return min((done + share) / total, 1.0)

    def _loose(self, line: str, *, redrawn: bool) -> float | None:
        if "%" not in line:
            return None
        matches = list(_LOOSE.finditer(line))
        if len(matches) != 1 or _NOT_PROGRESS.search(line):
            return None
        share = float(matches[0]["percent"].replace(",", ".")) / 100
        if share > 1:
            return None
        if redrawn:
            return share
        shape, before, count = self._growing
        now = _DIGITS.sub("0", line)
        count = count + 1 if now == shape and share > before else 1
        self._growing = (now, share, count)
        return share if count >= _GROWN else None

    def _measure(self, data: bytes) -> None:
        """Take the length of what ffmpeg reads, the longest of its inputs."""
        for match in _FFMPEG_INPUT.finditer(data):
            if match[1] is None:
                self._length = 0.0
            else:
                hours, minutes, seconds, tenths = map(int, match.groups())
                self._length = max(self._length, hours * 3600 + minutes * 60 + seconds + tenths / 10)


def _share(percent: str) -> float:
    return min(float(percent.replace(",", ".")) / 100, 1.0)
