"""The characters of Windows' console."""

import codecs
import sys

from queuectl.platform.code_page import console_codec


def test_windows_names_one_and_elsewhere_all_is_utf_8():
    codec = console_codec()
    assert codecs.lookup(codec) if sys.platform == "win32" else codec is None
