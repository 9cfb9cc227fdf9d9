"""Runs, epochs and artefacts in SQL: the truth about what was trained.

A run's row is written before its job starts and every epoch as it completes. A file is written
aside, synced and renamed, and only then recorded with its SHA-256. SQLite by default, any
database that SQLAlchemy speaks to by `DIGITLAB_DATABASE_URL`.

The store is made of parts, each built upon the folder and the `database`: `runs` finds runs,
`files` and `epochs` hold what they have, `queue` leads them to their end and `steering` on their
way there; `labels`, `bin` and `newcomers` serve what people do with them, `speeds` knows how fast
they train.
"""

from digitlab.store.bin import BIN_KEEPS, Bin
from digitlab.store.epochs import Epochs
from digitlab.store.files import StoredFile
from digitlab.store.labels import Labels, check_label
from digitlab.store.newcomers import Newcomer, Newcomers
from digitlab.store.queue import Queue
from digitlab.store.runs import Origin
from digitlab.store.speeds import Speeds
from digitlab.store.steering import Steering

__all__ = ["BIN_KEEPS", "Newcomer", "Origin", "Store", "StoredFile", "check_label"]


class Store(Queue, Steering, Epochs, Labels, Bin, Newcomers, Speeds):
    """What DigitLab remembers. Safe to share between threads, and between processes.

    Args: see `Database`.
    """
