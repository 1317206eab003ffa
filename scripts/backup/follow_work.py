"""What is to be copied, by whom, and since when: scripts/backup/follow.py."""

import threading
import time

# An object that could not be copied is tried again after so many seconds.
AGAIN = 5
# So many may wait; who finds more waits as well.
MOST = 10_000


class Work:
    """Objects that wait for their copy. One that changes while it is copied is copied once more, afterwards: two copies at once could end in the wrong order."""

    def __init__(self):
        self.changed = threading.Condition()
        # Each: since when it waits, as seconds since 1970.
        self.waiting, self.doing, self.repeated = {}, {}, {}
        self.resting = {}

    def add(self, bucket, key, since, patient=False):
        """`patient`: waits while too many wait already."""
        each = (bucket, key)
        with self.changed:
            while patient and len(self.waiting) >= MOST:
                self.changed.wait()
            known = self.repeated if each in self.doing else self.waiting
            known[each] = min(since, known.get(each, since))
            self.changed.notify_all()

    def take(self):
        """The next one; waits for it."""
        with self.changed:
            while True:
                now = time.monotonic()
                each = next((each for each in self.waiting if self.resting.get(each, 0) <= now), None)
                if each:
                    self.resting.pop(each, None)
                    self.doing[each] = self.waiting.pop(each)
                    self.changed.notify_all()
                    return each
                self.changed.wait(1 if self.waiting else None)

    def done(self, each):
        with self.changed:
            del self.doing[each]
            if each in self.repeated:
                self.waiting[each] = self.repeated.pop(each)
            self.changed.notify_all()

    def failed(self, each):
        with self.changed:
            self.waiting[each] = min(self.doing.pop(each), self.repeated.pop(each, float("inf")))
            self.resting[each] = time.monotonic() + AGAIN
            self.changed.notify_all()

    def oldest(self, bucket):
        """Since when the one waits that has waited longest; None when none does."""
        with self.changed:
            of = [since for known in (self.waiting, self.doing, self.repeated) for (name, _), since in known.items() if name == bucket]
        return min(of, default=None)
