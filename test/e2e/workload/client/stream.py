"""A stream is one kind of work that several workers do again and again, each item with a number of its own."""

import itertools
import threading
import time
from dataclasses import dataclass, field


# Seconds until a worker that was refused at once tries again.
AFTER_ERROR = 0.1


@dataclass(frozen=True)
class Verdict:
    """What reading everything back has shown."""

    lost: list[int] = field(default_factory=list)
    # Further counts worth a look, by name.
    notes: dict[str, int] = field(default_factory=dict)


class Stream:
    name: str
    workers = 1
    # Seconds that a worker waits between two operations.
    interval = 0.4
    # Takes what another stream gives, and goes on until that has run dry.
    follows = False

    def prepare(self):
        """Makes what the work needs, after taking away what an earlier run has left."""

    def step(self, number):
        """Does one operation. Returns the number of its item, or None when there was nothing to do; raises as the client does."""
        raise NotImplementedError

    def verify(self, acknowledged):
        """Reads back what was acknowledged. `acknowledged(stream)` is the set of a stream's items."""
        return Verdict()

    def clean(self):
        """Leaves nothing behind."""


def start_workers(stream, recorder, stopping):
    numbers = itertools.count(1)

    def work(worker):
        stopping.wait(stream.interval * worker / stream.workers)
        while not stopping.is_set():
            went_well = recorder.attempt(stream.name, next(numbers), stream.step)
            stopping.wait(stream.interval if went_well else max(stream.interval, AFTER_ERROR))

    threads = [threading.Thread(target=work, args=(worker,), daemon=True) for worker in range(stream.workers)]
    for thread in threads:
        thread.start()
    return threads


def patiently(action, seconds=60):
    """Repeats what is not measured, such as reading back, until it works. Raises its last error after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return action()
        except Exception:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)
