"""One run of the workload from its first operation to its report."""

import threading
import time

from stream import patiently, start_workers
from summary import figures

# Whoever has no answer by then, when all should end, has waited in vain. More than any client's own limit but boto3's 60 s.
LAST_ANSWERS_SECONDS = 20
# What was given last is taken within this.
DRAIN_SECONDS = 2


class Run:
    def __init__(self, streams, recorder):
        self.streams = streams
        self.recorder = recorder
        self._marks = []
        self._report = None
        self._reporting = threading.Lock()

    def start(self):
        for stream in self.streams:
            patiently(stream.prepare)
        self._started = self.recorder.clock.now()
        self._ends = {follows: threading.Event() for follows in (False, True)}
        self._threads = [
            (stream.follows, start_workers(stream, self.recorder, self._ends[stream.follows])) for stream in self.streams
        ]

    def is_under_way(self):
        """Every stream has had a success."""
        return all(self.recorder.acknowledged(stream.name) for stream in self.streams)

    def mark(self, label):
        self._marks.append({"label": label, "at": self.recorder.mark(label)})

    def live(self, since):
        """Figures by stream of what has ended from `since` on (None: from the start)."""
        now = self.recorder.clock.now()
        since = self._started if since is None else since
        return {stream.name: figures(self.recorder.of(stream.name), since, now) for stream in self.streams}

    def report(self):
        """Ends the work, reads everything back and sums up; the same again when it is asked again. Raises when reading back fails."""
        with self._reporting:
            if self._report is None:
                self._report = self._end_and_verify()
            return self._report

    def _end_and_verify(self):
        ended = self.recorder.clock.now()
        deadline = time.monotonic() + LAST_ANSWERS_SECONDS
        for follows in (False, True):
            if follows:
                time.sleep(DRAIN_SECONDS)
            self._ends[follows].set()
            for thread in (thread for kind, threads in self._threads if kind is follows for thread in threads):
                thread.join(max(0, deadline - time.monotonic()))
        self.recorder.close()
        return {
            "startedAt": self._started,
            "endedAt": ended,
            "marks": self._marks,
            "streams": {stream.name: self._verified(stream, ended) for stream in self.streams},
        }

    def _verified(self, stream, ended):
        verdict = patiently(lambda: stream.verify(self.recorder.acknowledged))
        return {
            **figures(self.recorder.of(stream.name), self._started, ended),
            "lost": len(verdict.lost),
            "lostItems": verdict.lost[:20],
            "notes": verdict.notes,
        }

    def clean(self):
        for stream in self.streams:
            patiently(stream.clean)
