"""Percentages in programs' own output: real captures of them (progress/make.py), and what only looks like one."""

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queuectl.model.progress_scan import ProgressScanner

CAPTURES = Path(__file__).parent / "progress"
NONE = ("curl-no-length", "wget-no-length")
FFMPEG_ENDS = 0.983  # the last frame that it speaks of begins a second before the end

captures = sorted(path.stem for path in CAPTURES.glob("*.bin"))


def scan(data, size):
    scanner = ProgressScanner()
    found = [scanner.feed(data[at : at + size]) for at in range(0, len(data), size)]
    return [one for one in found if one is not None]


def capture(name):
    return (CAPTURES / f"{name}.bin").read_bytes()


def test_the_captures_are_there():
    assert len(captures) >= 20


@pytest.mark.parametrize("name", captures)
@pytest.mark.parametrize("size", [1, 7, 80, 1000, 10**6])
def test_the_progress_of_real_programs(name, size):
    found = scan(capture(name), size)
    if name in NONE:
        assert not found
        return
    assert found[-1] == pytest.approx(FFMPEG_ENDS if name.startswith("ffmpeg") else 1, abs=0.001)
    if name != "rsync-progress":
        assert found == sorted(found)


@pytest.mark.parametrize(
    ("name", "before", "fraction"),
    [
        ("curl", b"\r100 ", 0.88),
        ("git-clone", b"\rReceiving objects:  43%", 0.42),
        ("tqdm", b"\renc:  60%", 0.5),
        ("wget-bar", b"26%[", 0.2),
        ("wget-dot", b" 52% ", 0.5),
        ("yt-dlp", b"\r[download]  69.", 0.349),
        ("pip-raw", b"Progress 1572864", 0.4369),
        ("ffmpeg", b"time=00:00:22", 0.332),
        ("rsync-progress2", b"\r      6,000,000", 0.2),
        ("rsync-progress2-v", b"3.bin", 0.4),
        ("rsync-progress", b"3.bin", 0.5),
        ("rsync-progress", b"1.bin", None),
        ("pv", b"100%", 0.51),
    ],
)
def test_in_the_middle_of_a_program_s_run(name, before, fraction):
    data = capture(name)
    assert before in data
    found = scan(data[: data.index(before)], 50)
    assert (found[-1] if found else None) == (fraction if fraction is None else pytest.approx(fraction, abs=0.02))


def test_rsync_file_by_file_is_set_among_all_once_their_number_is_known():
    found = scan(capture("rsync-progress"), 1)
    known = found[found.index(pytest.approx(2 / 6)) :]
    assert known == sorted(known)


@pytest.mark.parametrize(
    ("line", "fraction"),
    [
        (b"Progress: [ 42%]", 0.42),
        (b"\x1b7\x1b[24;0f\x1b[42m\x1b[30mProgress: [ 42%]\x1b[49m\x1b[39m [####......] \x1b8", 0.42),
        (b"\r42% [3 linux-image 12.4 MB/70.1 MB 18%]", 0.42),
        (b"\r7% [Working]", 0.07),
        (b"pmstatus:dpkg-exec:42.8571:Running dpkg", 0.428571),
        (b"[ 42%] Building CXX object src/a.o\n", 0.42),
        (b"tests/test_a.py ........                    [ 42%]\n", 0.42),
        (b" 42%|####      | 42.0M/100M [00:01<00:01, 40MB/s]", 0.42),
        (b"\r 42.5 % \r", 0.425),
        (b"\rEncoding: task 1 of 1, 42,30 %\r", 0.423),
        (b"\x08\x08\x08\x08 42%\x08\x08\x08\x08", 0.42),
        (b"copying 10%\ncopying 20%\ncopying 30%\n", 0.3),
        (b"copying 10%\r\ncopying 20%\r\ncopying 30%\r\n", 0.3),
    ],
)
def test_other_known_shapes(line, fraction):
    assert ProgressScanner().feed(line) == pytest.approx(fraction)
    assert scan(line, 1)[-1] == pytest.approx(fraction)


@pytest.mark.parametrize(
    "text",
    [
        b"100% of tests passed\n",
        b"100% tests passed, 0 tests failed out of 12\n",
        b"disk 93% full\n",
        b"disk 93% full\ndisk 94% full\ndisk 95% full\ndisk 96% full\n",
        b"/dev/sda1  100G  93G  7G  93% /\n",
        b"/dev/sda1        100G   93G    7G  93% /\r\n/dev/sda2        100G   94G    7G  94% /\r\n",
        b"\rCPU  42%\rCPU  43%\r",
        b"Cpu(s):  4.2%us,  1.0%sy\r",
        b"epoch 1 accuracy 41%\nepoch 2 accuracy 42%\nepoch 3 accuracy 43%\n",
        b"TOTAL      120      7    94%\n",
        b"queuectl/units.py      120      7    94%\n",
        b"10 packets transmitted, 10 received, 0% packet loss, time=9012ms\n",
        b"64 bytes from 127.0.0.1: icmp_seq=1 ttl=64 time=0.03 ms\n",
        b"(Reading database ... 5%\r(Reading database ... 10%\r",
        b"Save 50% now!\r\n",
        b"Save 50%\nSave 40%\nSave 60%\n",
        b"https://example.org/a%20b%2042%\r\n",
        b"frame= 100 time=00:00:10.00 bitrate=1\r",
        b"remote: Counting objects:  42% (3/7)\rremote: Compressing objects:  50% (3/6)\r",
        b"150%\r150%\r",
        b"Progress 1.2.3 of 4.5.6\n",
        b"\xe2\x94\x81 .../... MB\n",
        b"Progress " + b"9" * 400 + b" of " + b"9" * 400 + b"\n",
        b"Duration: " + b"9" * 500 + b":00:00.00\n",
        b"",
        b"%\r%\r%\r",
    ],
)
def test_what_is_no_progress(text):
    assert scan(text, 1000) == scan(text, 1) == []


def test_a_second_ffmpeg_is_measured_by_its_own_length():
    scanner = ProgressScanner()
    scanner.feed(b"Input #0, a\n  Duration: 01:00:00.00, start\nframe=1 time=00:30:00.00 bitrate\r")
    assert scanner.fraction == pytest.approx(0.5)
    scanner.feed(b"Input #0, b\n  Dura")
    scanner.feed(b"tion: 00:01:00.00, start\nInput #1, c\n  Duration: 00:00:10.00\nframe=1 time=00:00:30.00 bitrate\r")
    assert scanner.fraction == pytest.approx(0.5)


def test_what_went_before_stays_known():
    scanner = ProgressScanner()
    assert scanner.feed(b"\r 42%|####   | 42/100 [00:01<00:01]") == pytest.approx(0.42)
    scanner.feed(b"\n")
    assert scanner.feed(b"now something else\n") is None
    assert scanner.fraction == pytest.approx(0.42)


@given(st.lists(st.binary(max_size=200) | st.sampled_from([b"\r", b"\n", b"42%", b"[", b"\x1b[", b" ", b"|", b"\xe2"])))
def test_any_bytes_do_no_harm(chunks):
    scanner = ProgressScanner()
    for chunk in chunks:
        found = scanner.feed(chunk)
        assert found is None or 0 <= found <= 1
        assert len(scanner._rest) <= 2000


@given(
    name=st.sampled_from(captures),
    changes=st.lists(st.tuples(st.integers(0, 9000), st.sampled_from([b"9" * 400, b".", b"0", b"-", b"%", b"1/0"]))),
)
def test_damaged_output_does_no_harm(name, changes):
    data = bytearray(capture(name))
    for at, change in changes:
        data[at : at + 1] = change
    assert all(0 <= one <= 1 for one in scan(bytes(data), 300))


@given(name=st.sampled_from(captures), cuts=st.lists(st.integers(0, 10_000)))
def test_where_the_chunks_are_cut_does_not_matter(name, cuts):
    data = capture(name)
    scanner, begin = ProgressScanner(), 0
    for cut in [*sorted(cuts), len(data)]:
        scanner.feed(data[begin:cut])
        begin = max(begin, cut)
    whole = scan(data, len(data))
    assert scanner.fraction == (whole[-1] if whole else None)


@pytest.mark.parametrize(
    "data",
    [
        bytes(range(256)) * 40_000,
        b"x" * 10**7,
        b"\r" * 10**6,
        b"1%|" * 10**6,
        b"1% " * 10**6,
        b"[=" * 10**6,
        b"\x1b[" * 10**6,
        b"42%\r" * 10**6,
        b" 42%|####   | 42/100 [00:01<00:01]\r" * 10**5,
        b"Duration: " * 10**5,
    ],
    ids=lambda data: repr(data[:6]),
)
def test_huge_chunks_are_cheap(data):
    scanner = ProgressScanner()
    began = time.perf_counter()
    scanner.feed(data)
    for at in range(0, 200_000, 2000):
        scanner.feed(data[at : at + 2000])
    assert time.perf_counter() - began < 3  # 0.1 s on an idle machine
