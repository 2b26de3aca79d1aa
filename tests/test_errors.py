"""Exit codes are a promise to scripts; the drawn tree is the real one."""

import re

import pytest

from queuectl import errors
from queuectl.errors import InvalidJobFile, LeaseLost, QueuectlError, StoreBusy, WrongState

CODES = {
    "QueuectlError": 1, "UsageError": 2, "InvalidJob": 2, "InvalidSetting": 2, "InvalidJobFile": 2,
    "InvalidSchedule": 2, "NotFound": 3, "WrongState": 4, "LeaseLost": 4,
    "StoreUnavailable": 5, "StoreBusy": 5, "StoreFull": 5, "StoreCorrupt": 5,
    "StoreTooNew": 5, "HostRequired": 6, "DropFolderRefused": 1, "Forbidden": 1,
}  # fmt: skip


def real_tree(kind=QueuectlError):
    """Each class below ``kind`` with its parent."""
    found = {}
    for child in kind.__subclasses__():
        if child.__module__ == errors.__name__:
            found[child.__name__] = kind.__name__
            found |= real_tree(child)
    return found


def drawn_tree():
    """Each class in the module's docstring with its parent, and the exit codes that stand there."""
    parents, codes, path = {}, {}, []
    for line in errors.__doc__.splitlines():
        match = re.match(r"(?P<branch>[|`\- ]*)(?P<name>[A-Z]\w+) +(?P<code>\d)? ", line)
        if match is None:
            continue
        depth = len(match["branch"]) // 4
        path[depth:] = [match["name"]]
        if depth:
            parents[match["name"]] = path[depth - 1]
        if match["code"]:
            codes[match["name"]] = int(match["code"])
    return parents, codes


def test_exit_codes_are_the_promised_ones():
    kinds = {name: getattr(errors, name) for name in ["QueuectlError", *real_tree()]}
    assert {name: kind.exit_code for name, kind in kinds.items()} == CODES


def test_the_drawn_tree_is_the_real_one():
    parents, codes = drawn_tree()
    assert parents == real_tree()
    assert codes == {name: getattr(errors, name).exit_code for name in codes}
    assert set(codes.values()) == {1, 2, 3, 4, 5, 6}


@pytest.mark.parametrize("name", sorted(CODES))
def test_each_error_is_documented_and_its_hint_is_a_sentence(name):
    kind = getattr(errors, name)
    assert kind.__doc__
    assert kind.default_hint == kind.default_hint.strip()


def test_a_hint_can_be_given_or_left_to_the_class():
    assert StoreBusy("locked").hint == StoreBusy.default_hint
    assert StoreBusy("locked", hint="Wait.").hint == "Wait."
    assert not StoreBusy("locked", hint="").hint
    assert str(QueuectlError("it broke")) == "it broke"


def test_a_lost_lease_is_a_wrong_state():
    assert issubclass(LeaseLost, WrongState)


def test_a_job_file_error_says_its_line():
    assert InvalidJobFile("no such field", line=3).message == "line 3: no such field"
    assert InvalidJobFile("too large").message == "too large"
