"""Assertions in the suite explain themselves as those in test modules do."""

import pytest

pytest.register_assert_rewrite("tests.store.conformance")
