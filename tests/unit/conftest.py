"""What several unit tests share."""

import pytest

from digitlab.jobs import Jobs
from digitlab.store import Store


@pytest.fixture(scope="module")
def jobs(tmp_path_factory):
    """Jobs over an empty store, with a worker of their own for one module."""
    jobs = Jobs(Store(tmp_path_factory.mktemp("home")))
    yield jobs
    jobs.close()
