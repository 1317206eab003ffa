"""A run over all volumes: it says what it does, counts what failed, and ends in order when it is told to stop: B8.

Environment: SELECTOR: labels of the claims; DEADLINE: seconds after which a run is killed; RUN: name of the job; DRY_RUN: not empty says what would be done, and
does nothing (as does --dry-run).
"""

import os
import signal
import sys
import time

from kubernetes_api import Refused

# Left of the deadline to clean up and to say what was not done. In seconds.
REPORT = 60


class Stopped(BaseException):
    """Told to stop: no `except Exception` on the way holds it up."""


class VolumeRun:
    """What a run does is in `all`.

    @param title Begins each line that it prints
    @param stopped What somebody should know of a run that was told to stop
    """

    title = stopped = ""

    def __init__(self, env):
        self.name, self.deadline = env["RUN"], int(env["DEADLINE"])
        self.dry = bool(env.get("DRY_RUN")) or "--dry-run" in sys.argv[1:]
        self.end = time.monotonic() + max(self.deadline - REPORT, self.deadline / 2)
        self.failures = 0

    def all(self, selector):
        raise NotImplementedError

    def say(self, text):
        print(f"{self.title}: {text}", flush=True)

    def complain(self, text):
        print(f"{self.title}: {text}", file=sys.stderr, flush=True)

    def fail(self, text):
        self.complain(text)
        self.failures += 1

    def main(self):
        """Exit code of the job."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, stop)
        try:
            self.all(os.environ["SELECTOR"])
        except Refused as error:
            self.fail(str(error))
        except Stopped:
            self.fail(f"was told to stop. {self.stopped}")
        return 1 if self.failures else 0


def stop(*_):
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    raise Stopped
