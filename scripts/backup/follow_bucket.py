"""A bucket that is followed: what in it is to be copied, by its events and by listing it: scripts/backup/follow.py."""

import os
import threading
import time
import urllib.parse

from s3 import StoreError, time_of

PING = 2
# An event is sent after its object was acknowledged, not with it.
SLACK = 2
FOLDER = "followed"


def say(text):
    print(f"follow: {text}", flush=True)


class Once:
    """Says what goes wrong when it begins, and when it has ended."""

    def __init__(self):
        self.told = {}

    def failed(self, what, error):
        if self.told.get(what) != str(error):
            say(f"{what}: {error}; it is tried again")
        self.told[what] = str(error)

    def good(self, what):
        if self.told.pop(what, None):
            say(f"{what}: goes on")


class Followed:
    """A bucket and its copy."""

    def __init__(self, name, source, target, work, progress, once):
        self.name, self.source, self.target = name, source, target
        self.work, self.progress, self.once = work, progress, once
        self.prefix = f"{FOLDER}/objects/{name}/"
        # When the events that come now began; those before which all was found; until when all was.
        self.listens_since, self.covers, self.found_until = None, None, None
        self.wanted = threading.Event()
        # Copies of what is not there, and since when that was seen.
        self.gone = {}

    @property
    def mark(self):
        """Instant until which all that was acknowledged is at the second site; None when nobody knows yet."""
        waits = self.work.oldest(self.name)
        if self.found_until is None or waits is None:
            return self.found_until
        return min(self.found_until, waits - SLACK)

    def listen(self):
        what = f"events of {self.name}"
        while True:
            try:
                for event in self.source.events(["s3:ObjectCreated:*"], PING):
                    now = time.time()
                    if self.listens_since is None:
                        self.listens_since = now
                        self.wanted.set()
                        self.once.good(what)
                    if event:
                        self.work.add(self.name, key_of(event), now)
                    if self.covers == self.listens_since:
                        self.found_until = now - SLACK
            except StoreError as error:
                self.once.failed(what, error)
            self.listens_since = None
            time.sleep(1)

    def list(self, every):
        """Finds what no event told of. Of a large bucket less often, so that most of the time none is listed."""
        what = f"listing of {self.name}"
        while True:
            self.wanted.clear()
            since, began = self.listens_since, time.time()
            try:
                count = self._compare()
                self.once.good(what)
                self.covers = since or self.covers
                self.found_until = max(began - SLACK, self.found_until or 0)
                if count:
                    say(f"{self.name}: the listing found {count} objects whose copies were not there")
            except StoreError as error:
                self.once.failed(what, error)
            self.wanted.wait(max(every, 4 * (time.time() - began)))

    def _compare(self):
        """Puts what differs to the work, walking along both listings; says how many."""
        originals = self.source.listed("")
        target = self.target
        copies = ((key[len(self.prefix) :], size, written) for key, size, written in target.listed(self.prefix, self.progress.here))
        count, gone = 0, {}
        for key, original, copy in side_by_side(originals, copies):
            if original is None:
                gone[key] = self.gone.get(key, time.monotonic())
            elif copy is None or copy[0] != original[0] or time_of(copy[1]) < time_of(original[1]):
                count += 1
                self.work.add(self.name, key, time_of(original[1]).timestamp(), patient=True)
        self.gone = gone
        for key in [key for key, since in gone.items() if time.monotonic() - since > float(os.environ["GRACE"])]:
            if self._was_deleted(key):
                target.delete(self.prefix + key)
            del gone[key]
        return count

    def _was_deleted(self, key):
        """Not so what was never there: after the loss of a site its copies are all there is, and the new bucket knows nothing of them."""
        try:
            self.source.ask("HEAD", key)
            return False
        except StoreError as error:
            if error.status != 404:
                raise
            return error.deleted


def key_of(event):
    return urllib.parse.unquote_plus(event["s3"]["object"]["key"])


def side_by_side(originals, copies):
    """Key with size and time of original and copy, None for the one that is not there. Both come in the order of their keys' bytes."""
    originals, copies = ordered(originals), ordered(copies)
    original, copy = next(originals, None), next(copies, None)
    while original or copy:
        first = copy is None or original is not None and original[0].encode() <= copy[0].encode()
        key = original[0] if first else copy[0]
        both = (original[1:] if original and original[0] == key else None, copy[1:] if copy and copy[0] == key else None)
        yield key, *both
        original = next(originals, None) if both[0] else original
        copy = next(copies, None) if both[1] else copy


def ordered(listing):
    last = b""
    for each in listing:
        if each[0].encode() < last:
            raise StoreError(f"a listing is not in the order of its keys: {each[0]!r} comes after {last!r}")
        last = each[0].encode()
        yield each
