"""Menus as numbered items: what keeps its number, and what is told of a change."""

from hypothesis import given
from hypothesis import strategies as st

from queuectl.tray.backend import Entry
from queuectl.tray.sni.menu_tree import REMEMBERED_MAX, ROOT, MenuTree

entries = st.recursive(
    st.builds(
        Entry,
        key=st.sampled_from("abc"),
        label=st.sampled_from(["", "x", "y_z"]),
        enabled=st.booleans(),
        checked=st.sampled_from([None, False, True]),
        radio=st.booleans(),
        separator=st.booleans(),
    ),
    lambda children: st.builds(
        Entry, key=st.sampled_from("abc"), label=st.just("sub"), children=st.lists(children, max_size=3)
    ),
    max_leaves=6,
)
menus = st.lists(entries, max_size=4)


@given(st.lists(menus, min_size=1, max_size=4))
def test_a_host_that_follows_what_is_told_has_what_one_has_that_asks_anew(shown):
    tree = MenuTree()
    host = dict(tree.items)
    for menu in shown:
        change = tree.replace(menu)
        for number, told in change.properties.items():
            host[number] = host[number].__class__(
                entry=None, properties={**host[number].properties, **told}, children=host[number].children
            )
        for parent in change.parents:
            fetch(tree, host, parent)
        reachable = {}
        fetch(tree, reachable, ROOT)
        followed = {}
        collect(host, followed, ROOT)
        assert followed == {number: (item.properties, item.children) for number, item in reachable.items()}
        assert reachable.keys() == tree.items.keys()


def fetch(tree, host, number):
    host[number] = tree.items[number]
    for child in host[number].children:
        fetch(tree, host, child)


def collect(host, found, number):
    found[number] = (host[number].properties, host[number].children)
    for child in host[number].children:
        collect(host, found, child)


def test_an_entry_that_comes_back_has_its_number_back():
    tree = MenuTree()
    tree.replace([Entry(key="a"), Entry(key="b")])
    first = tree.items[ROOT].children
    tree.replace([Entry(key="b")])
    tree.replace([Entry(key="a"), Entry(key="b")])
    assert tree.items[ROOT].children == first


def test_an_entry_of_another_kind_is_another_item():
    tree = MenuTree()
    seen = set()
    for entry in (
        Entry(key="a"),
        Entry(key="a", checked=True),
        Entry(key="a", checked=True, radio=True),
        Entry(key="a", separator=True),
        Entry(key="a", children=[Entry(key="b")]),
    ):
        tree.replace([entry])
        seen.update(tree.items[ROOT].children)
    assert len(seen) == 5


def test_a_submenu_that_runs_empty_stays_one():
    tree = MenuTree()
    tree.replace([Entry(key="jobs", children=[Entry(key="1")])])
    [number] = tree.items[ROOT].children
    change = tree.replace([Entry(key="jobs", enabled=False)])
    assert change.parents == (number,)
    assert change.properties == {number: {"enabled": False}}


def test_ids_of_what_has_gone_are_forgotten_in_the_end_and_never_given_again():
    tree = MenuTree()
    tree.replace([Entry(key="stays")])
    [stays] = tree.items[ROOT].children
    for number in range(REMEMBERED_MAX + 10):
        tree.replace([Entry(key="stays"), Entry(key=f"job {number}")])
    assert tree.items[ROOT].children[0] == stays
    assert max(tree.items) == REMEMBERED_MAX + 11
    assert len(tree._ids) < REMEMBERED_MAX
