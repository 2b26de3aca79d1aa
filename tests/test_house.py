"""What the house style promises and no linter checks."""

import ast
from pathlib import Path

import pytest

import queuectl

ROOT = Path(queuectl.__file__).parent
MODULES = sorted(ROOT.rglob("*.py"))
MODULE_MAX_LINES = 400

MAY_ASK_WHICH_SYSTEM: dict[str, str] = {}
"""Modules outside platform/ that may, with the reason."""
QUESTIONS = {("sys", "platform"), ("os", "name"), ("platform", "system")}

each_module = pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())


def test_the_modules_were_found():
    assert len(MODULES) > 10


@each_module
def test_a_module_stays_short(path):
    assert len(path.read_text("utf-8").splitlines()) <= MODULE_MAX_LINES, "is there a seam in it?"


@each_module
def test_a_module_begins_with_what_it_is_for(path):
    text = path.read_text("utf-8")
    assert text.startswith('"""')
    assert ast.get_docstring(ast.parse(text))


@each_module
def test_only_the_platform_package_asks_which_system_this_is(path):
    name = path.relative_to(ROOT).as_posix()
    if name.startswith("platform/") or name in MAY_ASK_WHICH_SYSTEM:
        return
    asked = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        match node:
            case ast.Attribute(value=ast.Name(id=module), attr=attr) if (module, attr) in QUESTIONS:
                asked.append(f"line {node.lineno}: {module}.{attr}")
            case ast.ImportFrom(module=module, names=names):
                asked += [
                    f"line {node.lineno}: {module}.{one.name}" for one in names if (module, one.name) in QUESTIONS
                ]
    assert not asked, "put the question into queuectl/platform/"
