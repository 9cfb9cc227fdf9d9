"""Files are there whole, or not at all; what killed writers left goes after a while."""

import os
import time

import pytest

from digitlab.files import LEFT_SECONDS, path_aside, remove_leftovers, synced_file, write_synced


def test_a_file_that_cannot_be_finished_leaves_the_old_one(tmp_path):
    write_synced(tmp_path / "words", b"old")

    def interrupted():
        with synced_file(tmp_path / "words") as file:
            file.write(b"new")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert (tmp_path / "words").read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["words"]


def left(path, seconds):
    """Something left aside so long ago: a file, or a folder of one."""
    aside = path_aside(path)
    aside.parent.mkdir(parents=True, exist_ok=True)
    if path.name == "import":
        aside.mkdir()
        (aside / "half").write_bytes(b"half")
    else:
        aside.write_bytes(b"half")
    os.utime(aside, (time.time() - seconds,) * 2)
    return aside


@pytest.mark.parametrize(
    "place",
    ["studies/suspects-12", "runs/a-b-12/1234-model.keras", "uploads/me/1.npz", "runs/import"],
)
def test_what_killed_writers_left_long_ago_is_removed(tmp_path, place):
    old, new = left(tmp_path / place, LEFT_SECONDS + 60), left(tmp_path / place, LEFT_SECONDS - 60)
    write_synced(tmp_path / place.replace("import", "words"), b"whole")
    mark = tmp_path / "studies" / ".cancelled-suspects-12345678"
    mark.parent.mkdir(exist_ok=True)
    mark.touch()
    for path in (tmp_path / place.replace("import", "words"), mark):
        os.utime(path, (0, 0))
    remove_leftovers(tmp_path)
    assert not old.exists()
    assert new.exists()
    assert mark.exists()
    assert (tmp_path / place.replace("import", "words")).read_bytes() == b"whole"
