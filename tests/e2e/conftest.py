import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from merlon import Merlon  # noqa: E402


@pytest.fixture
def new_merlon():
    """Makes Merlons with a store, which are stopped and removed at the end."""
    made = []

    def make():
        made.append(Merlon())
        return made[-1].init()

    yield make
    for m in made:
        m.stop()
