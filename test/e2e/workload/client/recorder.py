"""Every operation of the workload, with its times: in memory for the summary, and one line of JSON each for whoever wants to look."""

import json
import threading
import time
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Operation:
    """What a client asked for. Times are seconds since 1970; without an error it was acknowledged."""

    stream: str
    item: int
    started: float
    ended: float
    error: str | None = None


class Clock:
    """Wall time as it was at the start, carried on by the monotonic clock: a step of the node's clock moves nothing."""

    def __init__(self):
        self._offset = time.time() - time.monotonic()

    def now(self):
        return self._offset + time.monotonic()


class Recorder:
    def __init__(self, log, clock):
        self.clock = clock
        self._log = log
        self._lock = threading.Lock()
        self._operations = {}
        self._pending = {}
        self._closed = False

    def attempt(self, stream, number, step):
        """
        Runs one operation. `step(number)` returns the number of the item that it was about, or None when nothing was to do.
        Returns whether it went well.
        """
        ticket = object()
        with self._lock:
            self._pending[ticket] = (stream, number, self.clock.now())
        try:
            item, error = step(number), None
        except Exception as failure:  # Whatever a client throws is an answer that a user would have got.
            item, error = number, describe(failure)
        with self._lock:
            _, _, started = self._pending.pop(ticket)
            if item is not None:
                self._record(stream, item, started, error)
            return error is None

    def mark(self, label):
        """Puts a line between the operations of the log. Returns the time that it bears."""
        with self._lock:
            at = self.clock.now()
            self._write({"mark": label, "at": at})
            return at

    def close(self):
        """Nothing counts from now on. What nobody has answered becomes an error, as its user has waited in vain."""
        with self._lock:
            for stream, number, started in self._pending.values():
                self._record(stream, number, started, f"no answer in {self.clock.now() - started:.0f} s")
            self._closed = True
            self._log.flush()

    def of(self, stream):
        """Operations of a stream in the order in which they ended."""
        with self._lock:
            return list(self._operations.get(stream, ()))

    def acknowledged(self, stream):
        return {operation.item for operation in self.of(stream) if operation.error is None}

    def _record(self, stream, item, started, error):
        if self._closed:
            return
        operation = Operation(stream, item, started, self.clock.now(), error)
        self._operations.setdefault(stream, []).append(operation)
        self._write(asdict(operation))

    def _write(self, line):
        if not self._closed:
            self._log.write(json.dumps(line) + "\n")


def describe(failure):
    """Class and first line of an error; SQLAlchemy's own text buries the driver's beneath the statement."""
    failure = getattr(failure, "orig", None) or failure
    text = str(failure).strip().partition("\n")[0]
    return f"{type(failure).__name__}: {text}"[:300]
