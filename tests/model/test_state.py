"""The table of transitions has no hole, no way back, and a line on every member."""

import ast
import inspect
from enum import StrEnum

import pytest

from queuectl import settings
from queuectl.model import job, state
from queuectl.model.state import FINAL, TRANSITIONS, WAITING, State, Verb, allows, leads_to

WAYS = [
    (verb, before, after) for verb, ways in TRANSITIONS.items() for before, afters in ways.items() for after in afters
]


def test_every_verb_leads_somewhere():
    assert set(TRANSITIONS) == set(Verb)
    assert all(afters for ways in TRANSITIONS.values() for afters in ways.values())


def test_states_are_final_waiting_or_processing():
    assert FINAL | WAITING | {State.PROCESSING} == set(State)
    assert not FINAL & WAITING


def test_p2_a_final_state_is_left_by_retry_only():
    assert {verb for verb, before, after in WAYS if before in FINAL and after is not before} == {Verb.RETRY}
    assert {before for verb, before, _ in WAYS if verb is Verb.RETRY} >= FINAL


def test_p3_only_a_claim_begins_a_run_and_only_what_is_pending_is_claimed():
    assert [(verb, before) for verb, before, after in WAYS if after is State.PROCESSING] == [
        (Verb.CLAIM, State.PENDING)
    ]


@pytest.mark.parametrize("start", [State.PENDING, State.SCHEDULED, State.BLOCKED])
def test_p5_from_each_first_state_every_state_of_a_run_can_be_reached(start):
    seen = {start}
    while more := {after for _, before, after in WAYS if before in seen} - seen:
        seen |= more
    assert seen >= FINAL | {State.PROCESSING, State.FAILED}


@pytest.mark.parametrize("before", sorted(set(State) - FINAL))
def test_every_unfinished_job_can_be_cancelled(before):
    assert leads_to(Verb.CANCEL, before, State.CANCELLED)


def test_what_is_not_in_the_table_is_forbidden():
    allowed = set(WAYS)
    for verb in Verb:
        for before in State:
            assert allows(verb, before) == any((verb, before, after) in allowed for after in State)
            for after in State:
                assert leads_to(verb, before, after) == ((verb, before, after) in allowed)


def test_only_an_edit_leaves_a_job_where_it_was():
    assert {verb for verb, before, after in WAYS if before is after} == {Verb.EDIT}


@pytest.mark.parametrize("module", [state, job, settings], ids=lambda module: module.__name__)
def test_each_member_of_an_enum_has_its_line(module):
    for node in ast.parse(inspect.getsource(module)).body:
        if not isinstance(node, ast.ClassDef) or not issubclass(getattr(module, node.name), StrEnum):
            continue
        members = [at for at, line in enumerate(node.body) if isinstance(line, ast.Assign)]
        assert len(members) == len(getattr(module, node.name))
        for at in members:
            line = node.body[at + 1] if at + 1 < len(node.body) else None
            documented = isinstance(line, ast.Expr) and isinstance(getattr(line.value, "value", None), str)
            assert documented, f"{node.name}: {ast.unparse(node.body[at])} has no line"
