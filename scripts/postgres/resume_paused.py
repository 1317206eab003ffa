"""Resumes the pooler of this pod when it has been paused for longer than any coordinated backup may hold it: whoever paused it is gone.

Runs beside PgBouncer for as long as it does. Environment: libpq's variables of the console; PAUSE_LIMIT and INTERVAL in seconds.
"""

import os
import signal
import sys
import time

from session import Failure, Session

ending = False


def told_to_end(*_):
    global ending
    ending = True


def watch(limit, interval):
    session, since = None, None
    while True:
        time.sleep(interval)
        try:
            session = session or Session("the pooler", {})
            if "paused|yes" not in session.ask("SHOW STATE", 2):
                since = None
                continue
            since = since or time.monotonic()
            if time.monotonic() - since >= limit:
                print(f"resume_paused: paused for {limit} s, and nobody resumes it: doing so", flush=True)
                session.ask("RESUME", 2)
                since = None
        except Failure as failure:
            if session:
                session.close()
            session = None
            if ending:
                return
            print(f"resume_paused: {failure}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, told_to_end)
    watch(float(os.environ["PAUSE_LIMIT"]), float(os.environ["INTERVAL"]))
