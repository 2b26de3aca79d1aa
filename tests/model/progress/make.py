"""Write the captures beside this file: what real programs print about their progress, into a pipe or file.

Each is made on this machine, from a slow server on 127.0.0.1 where something is fetched:

    python tests/model/progress/make.py

needs ffmpeg, rsync, curl, wget, git and pv (all of them in Debian), and makes a virtual environment for pip, tqdm and
yt-dlp. What each program is told is in ``COMMANDS``. apt shows its progress to terminals only and needs root, so the
tests have its lines written by hand.
"""

import os
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

HERE = Path(__file__).parent
SIZE = 3_000_000
WHEEL = "slow-1.0-py3-none-any.whl"
TQDM = "import time, tqdm\nfor _ in tqdm.tqdm(range(200), desc='enc'): time.sleep(0.005)"
QUIET = "--no-index --no-cache-dir --disable-pip-version-check"

COMMANDS = {
    "ffmpeg": "ffmpeg -nostdin -hide_banner -y -i in.mp4 -vf scale=640:480 -preset slow out.mkv",
    "ffmpeg-progress": "ffmpeg -nostdin -hide_banner -y -progress pipe:1 -i in.mp4 -preset slow out2.mkv",
    "rsync-progress2": "rsync -a --info=progress2 --bwlimit=6M files/ one/",
    "rsync-progress2-v": "rsync -av --info=progress2 --bwlimit=6M files/ two/",
    "rsync-progress": "rsync -a --progress --bwlimit=6M files/ three/",
    "rsync-progress-one": "rsync --progress --bwlimit=1M files/1.bin four.bin",
    "curl": "curl -o curl.bin URL/a",
    "curl-hash": "curl -# -o curl2.bin URL/a",
    "curl-no-length": "curl -o curl3.bin URL/no-length",
    "wget-dot": "wget -O wget.bin URL/a",
    "wget-bar": "wget --progress=bar:force -O wget2.bin URL/a",
    "wget-no-length": "wget --progress=bar:force -O wget3.bin URL/no-length",
    "git-clone": "git clone --progress file://FOLDER/repository cloned",
    "pv": "pv -f -L 1500k -w 70 files/1.bin >pv.bin",
    "tqdm": f'VENV/python -c "{TQDM}"',
    "yt-dlp": "VENV/yt-dlp --ignore-config URL/a.mp4 -o yt.mp4",
    "yt-dlp-newline": "VENV/yt-dlp --ignore-config --newline URL/a.mp4 -o yt2.mp4",
    "pip": f"VENV/python -m pip --isolated download {QUIET} -d a URL/{WHEEL}",
    "pip-terminal": f"FORCE_COLOR=1 VENV/python -m pip --isolated download {QUIET} -d b URL/{WHEEL}",
    "pip-raw": f"VENV/python -m pip --isolated download {QUIET} --progress-bar raw -d c URL/{WHEEL}",
}


class Slow(BaseHTTPRequestHandler):
    """Serve a file within three seconds, by a length or without."""

    wheel = b""

    def log_message(self, *_):
        pass

    def do_GET(self):
        body = self.wheel if self.path.endswith(".whl") else bytes(SIZE)
        self.send_response(200)
        if self.path != "/no-length":
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        step = len(body) // 60
        try:
            for begin in range(0, len(body), step):
                self.wfile.write(body[begin : begin + step])
                time.sleep(0.05)
        except ConnectionError:  # yt-dlp looks at the beginning first
            pass


def prepare(folder):
    """Make what the commands work on."""
    (folder / "files").mkdir()
    for number in range(1, 6):
        (folder / f"files/{number}.bin").write_bytes(os.urandom(SIZE))
    with zipfile.ZipFile(folder / WHEEL, "w") as wheel:
        wheel.writestr("slow.bin", os.urandom(SIZE))
        wheel.writestr("slow-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: slow\nVersion: 1.0\n")
        wheel.writestr("slow-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr("slow-1.0.dist-info/RECORD", "")
    Slow.wheel = (folder / WHEEL).read_bytes()
    script = """
        ffmpeg -nostdin -v error -f lavfi -i testsrc=size=320x240:rate=25 -t 60 in.mp4
        git init -q repository && cd repository
        for i in $(seq 300); do echo "$i $i" >"$i"; done
        git add . && git -c user.name=a -c user.email=a@example.org commit -qm all
    """
    subprocess.run(["sh", "-ec", script], cwd=folder, check=True)
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    install = [folder / "venv/bin/python", "-m", "pip", "install", "-q", "--upgrade", "pip", "tqdm", "yt-dlp"]
    subprocess.run(install, check=True)


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder)
        server = ThreadingHTTPServer(("127.0.0.1", 0), Slow)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        known = {"URL": f"http://127.0.0.1:{server.server_port}", "FOLDER": name, "VENV": f"{name}/venv/bin"}
        chosen = sys.argv[1:] or COMMANDS
        for capture in chosen:
            command = COMMANDS[capture]
            for word, value in known.items():
                command = command.replace(word, value)
            environment = {"PATH": os.environ["PATH"], "HOME": name, "LC_ALL": "C.UTF-8", "no_proxy": "127.0.0.1"}
            done = subprocess.run(
                ["sh", "-c", command],
                cwd=folder,
                env=environment,
                check=False,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
            (HERE / f"{capture}.bin").write_bytes(done.stdout.replace(name.encode(), b"/tmp/folder"))
            print(f"{capture}: {len(done.stdout)} bytes, exit code {done.returncode}")


if __name__ == "__main__":
    main()
