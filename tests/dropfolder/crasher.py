"""A host that dies at a named step of a file's way: python crasher.py DATABASE FOLDER STEP."""

import os
import sys
import threading
import time
from pathlib import Path

from queuectl.dropfolder.folder import DropFolder
from queuectl.dropfolder.ingest import Ingester
from queuectl.queue import Queue


def main(database, path, step):
    def die(here):
        if here == step:
            os._exit(9)

    folder = DropFolder(Path(path), checkpoint=die)
    with Queue.open(database) as queue:
        folder.prepare()
        ingester = Ingester(queue, folder, stop=threading.Event(), settle=0.02, patience=0.05, checkpoint=die)
        os.write(1, b"ready\n")
        while step == "never" or folder.waiting() or any(folder.claims()):
            ingester.look()
            time.sleep(0.01)
        ingester.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
