"""SQLite's statements as PostgreSQL takes them, where the two differ by nothing but the marks."""

import re

_NAMED = re.compile(r"(?<!:):([a-z_]+)")
_INDEX = re.compile(r"\s+INDEXED BY \w+")


def same(text: str) -> str:
    """Return a statement with psycopg's marks for values, and without the names of indexes."""
    return _NAMED.sub(r"%(\1)s", _INDEX.sub("", text).replace("%", "%%").replace("?", "%s"))


def numbers(name: str) -> str:
    """Return the numbers in the JSON array of this name, as a query of one column."""
    return f"SELECT jsonb_array_elements_text(%({name})s::jsonb)::bigint"


def texts(name: str) -> str:
    """Return the texts in the JSON array of this name, as a query of one column."""
    return f"SELECT jsonb_array_elements_text(%({name})s::jsonb)"


def rows(name: str, alias: str) -> str:
    """Return the arrays in the JSON array of this name, as a table of one column ``value``."""
    return f"jsonb_array_elements(%({name})s::jsonb) AS {alias} (value)"
