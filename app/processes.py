"""Processes that end with the one that made them."""

import os
from multiprocessing import parent_process
from threading import Thread


def end_with_parent() -> None:
    """End this process once the one that made it is gone.

    Who is told to stop sees to its processes, and who is killed cannot: they would wait, or serve, for ever.
    """
    if parent_process() is not None:
        Thread(target=_end, daemon=True).start()


def _end() -> None:
    if parent := parent_process():
        parent.join()
        os._exit(1)
