"""What a test does when the machine lacks something it needs.

On a developer's machine the test is skipped and says why. Where `SIGNPOST_REQUIRE` names the thing
(`SIGNPOST_REQUIRE=browser,postgres`, as the continuous integration script sets it) the test fails instead,
so that a missing program cannot pass for a good run.
"""

import os
from typing import NoReturn

import pytest


def is_required(thing: str) -> bool:
    """Tell whether `SIGNPOST_REQUIRE`, a list parted by commas, names this thing."""
    return thing in {name.strip() for name in os.environ.get("SIGNPOST_REQUIRE", "").split(",")}


def lack(thing: str, reason: str) -> NoReturn:
    """Skip the test that asked for `thing`, or fail it where the thing is required."""
    if is_required(thing):
        pytest.fail(f"{thing} is required here (SIGNPOST_REQUIRE) and cannot be had: {reason}", pytrace=False)
    pytest.skip(f"no {thing}: {reason}")
