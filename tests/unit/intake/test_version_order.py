"""Which version is newer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.intake.version import Version, is_older, version_of

VERSIONS = st.builds(
    Version,
    version_id=st.none() | st.integers(0, 20).map(str) | st.sampled_from(["a", "W/1", "٣"]),
    last_updated=st.none() | st.floats(0, 100),
)


@pytest.mark.parametrize(
    ("new", "current", "older"),
    [
        (Version("2", 1.0), Version("10", 0.0), True),
        (Version("10", 0.0), Version("2", 1.0), False),
        (Version("a", 1.0), Version("b", 2.0), True),
        (Version(None, 1.0), Version("3", 2.0), True),
        (Version(None, None), Version("3", 2.0), False),
        (Version("3", 2.0), Version("3", 2.0), False),
        (Version("9" * 5000, None), Version("1", None), False),
    ],
)
def test_version_id_then_last_updated_then_arrival(new: Version, current: Version, older: bool) -> None:
    assert is_older(new, current) is older


@given(VERSIONS, VERSIONS)
def test_never_both_older(a: Version, b: Version) -> None:
    assert not (is_older(a, b) and is_older(b, a))


@pytest.mark.parametrize(
    ("meta", "expected"),
    [
        ({"versionId": "7", "lastUpdated": "1970-01-01T01:00:00+01:00"}, Version("7", 0.0)),
        ({"lastUpdated": "1970-01-01T00:00:00.5Z"}, Version(None, 0.5)),
        ({"lastUpdated": "1970-01-01T00:00:00"}, Version(None, None)),
        ({"versionId": 7, "lastUpdated": "soon"}, Version(None, None)),
        ("none", Version()),
    ],
)
def test_version_of(meta: object, expected: Version) -> None:
    assert version_of({"meta": meta}) == expected
