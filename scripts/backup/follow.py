"""Follows the buckets of the applications and carries what is written there to the second site at once: B3. Runs all the time, in Deployment objects-follower.

What an event tells of is copied; as events are lost (with a connection, a server, or in a crowd), all is listed and compared at the start, whenever events
were interrupted, and every LIST seconds. What is deleted is deleted there GRACE seconds later, by a marker over its versions. Every few seconds a mark at
the second site says until when everything that was acknowledged is there: followed/marks/DAY/INSTANT.json; copies: followed/objects/BUCKET/KEY.

Environment: PLACES: JSON of source and target, each with endpoint, region, addressing, authority; SOURCE_ACCESS_KEY, SOURCE_SECRET_KEY, TARGET_ACCESS_KEY,
TARGET_SECRET_KEY; BUCKETS; TARGET_BUCKET; EVENTS: "yes" where the source is a MinIO; LIST; BEHIND: seconds that the mark may be behind; BANDWIDTH; GRACE. Called
with "alive" or "ready" it says whether the one that runs is; STATE is a file for that.
"""

import datetime
import json
import os
import signal
import sys
import threading
import time

from follow_bucket import FOLDER, Followed, Once, say
from follow_copy import Copier, Throttle
from follow_work import Work
from s3 import Bucket, StoreError

WORKERS = 4
MARK_EVERY = 20
MARK_DAYS = 7
# Without anything that arrived at the second site, a new start may help.
STALLED = 600


class Progress:
    """Until when everything is at the second site, and when something arrived there last: what the probes read."""

    def __init__(self):
        self.arrived, self.mark, self.caught_up = time.time(), None, False

    def here(self):
        self.arrived = time.time()

    def keep(self):
        with open(f"{os.environ['STATE']}.new", "w") as file:
            json.dump({"arrived": self.arrived, "mark": self.mark, "caughtUp": self.caught_up}, file)
        os.replace(f"{os.environ['STATE']}.new", os.environ["STATE"])


def work_on(work, copiers, once):
    while True:
        bucket, key = each = work.take()
        try:
            copiers[bucket].copy(key, f"{FOLDER}/objects/{bucket}/{key}")
            once.good(f"copies of {bucket}")
            work.done(each)
        except StoreError as error:
            once.failed(f"copies of {bucket}", error)
            work.failed(each)


class Marks:
    """What the second site knows of how new its copies are."""

    def __init__(self, target, once):
        self.target, self.once = target, once
        self.instant, self.next, self.day = 0, 0.0, None

    def put(self, instant):
        """Puts one when it is time and it is newer than the last. Those of a day lie in its folder; when a day begins, old ones are cleared away."""
        if time.monotonic() < self.next or int(instant) <= self.instant:
            return False
        self.next = time.monotonic() + MARK_EVERY
        at = datetime.datetime.fromtimestamp(int(instant), datetime.timezone.utc)
        day, name = f"{at:%Y%m%d}", f"{at:%Y%m%dT%H%M%SZ}"
        try:
            self.target.put(f"{FOLDER}/marks/{day}/{name}.json", json.dumps({"instant": f"{at:%Y-%m-%dT%H:%M:%SZ}"}).encode())
            self.instant = int(instant)
            if self.day != day:
                self._clear(f"{at - datetime.timedelta(days=MARK_DAYS):%Y%m%d}")
                self.day = day
        except StoreError as error:
            self.once.failed("marks", error)
            return False
        self.once.good("marks")
        return True

    def _clear(self, oldest):
        for key in self.target.keys(f"{FOLDER}/marks/"):
            if key.split("/")[2] < oldest:
                self.target.delete(key)


def follow():
    places, buckets = json.loads(os.environ["PLACES"]), os.environ["BUCKETS"].split()
    has_events, behind = os.environ["EVENTS"] == "yes", float(os.environ["BEHIND"])
    work, once, progress, throttle = Work(), Once(), Progress(), Throttle(os.environ["BANDWIDTH"])

    def open_target():
        return Bucket(places["target"], os.environ["TARGET_BUCKET"], "TARGET")

    def open_source(name):
        return Bucket(places["source"], name, "SOURCE")

    followed = [Followed(name, open_source(name), open_target(), work, progress, once) for name in buckets]
    threads = [threading.Thread(target=each.list, args=(float(os.environ["LIST"]),)) for each in followed]
    threads += [threading.Thread(target=each.listen) for each in followed if has_events]
    for _ in range(WORKERS):
        copiers = {name: Copier(open_source(name), open_target(), throttle, progress.here) for name in buckets}
        threads.append(threading.Thread(target=work_on, args=(work, copiers, once)))
    for thread in threads:
        thread.daemon = True
        thread.start()
    say(f"{', '.join(buckets)} to {os.environ['TARGET_BUCKET']}, {'by events and ' if has_events else ''}by listing")
    marks = Marks(open_target(), once)
    while all(thread.is_alive() for thread in threads):
        time.sleep(1)
        until = [each.mark for each in followed]
        if None not in until:
            progress.mark = max(min(until), progress.mark or 0)
            if not progress.caught_up and time.time() - progress.mark <= behind:
                progress.caught_up = True
                say("all is there; what comes is copied as it comes")
        # Before that it would only tell how old the oldest is that is missing.
        if progress.caught_up and marks.put(progress.mark):
            progress.here()
        progress.keep()
    say("a part of it has died, which is a fault of the program")
    return 1


def probe(what):
    """Exit code for the kubelet."""
    try:
        with open(os.environ["STATE"]) as file:
            state = json.load(file)
    except FileNotFoundError:
        return int(what == "ready")
    idle = time.time() - state["arrived"]
    if what == "alive":
        if idle > STALLED:
            say(f"nothing has arrived at the second site for {idle:.0f} s")
        return int(idle > STALLED)
    # A first copy may take hours; it is as ready as it can be while something arrives.
    late = time.time() - state["mark"] if state["caughtUp"] else idle
    if late > float(os.environ["BEHIND"]):
        say(f"the second site is {late:.0f} s behind")
    return int(late > float(os.environ["BEHIND"]))


if __name__ == "__main__":
    # As the first process of a container it would not be ended otherwise.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    sys.exit(probe(sys.argv[1]) if len(sys.argv) > 1 else follow())
