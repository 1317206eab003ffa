"""All poolers of the cluster, held back together: PgBouncer's PAUSE and RESUME. Standard library only."""

import os
import socket
import time

from session import Failure, Session

PAUSED = "paused|yes"
NOT_PAUSED = "not paused"


class Pooler:
    """A pooler's console, twice: PAUSE keeps one of them waiting until all transactions have ended."""

    def __init__(self, address, host, port):
        env = {
            "PGHOST": host,
            "PGHOSTADDR": address,
            "PGPORT": str(port),
            "PGUSER": os.environ["POOLER_USER"],
            "PGPASSWORD": os.environ["POOLER_PASSWORD"],
            "PGDATABASE": "pgbouncer",
        }
        self.name = f"the pooler at {address}"
        self.open = lambda: Session(self.name, env)
        self.console, self.waiting = self.open(), self.open()

    def is_paused(self, seconds):
        return PAUSED in self.console.ask("SHOW STATE", seconds)

    def resume(self, deadline):
        """Ends a pause that was begun, complete or not. @raises Failure when it does not say so."""
        try:
            self.console.send("RESUME")
        except Failure:
            # The connection is gone, and perhaps the pooler is not.
            self.console = self.open()
            self.console.send("RESUME")
        try:
            self.console.answer(deadline)
        except Failure as failure:
            if NOT_PAUSED not in str(failure):
                raise

    def close(self):
        self.console.close()
        self.waiting.close()


class Poolers:
    """Consoles of all poolers that a name leads to. `certified` is the name in their certificates."""

    def __init__(self, host, certified, port):
        try:
            found = socket.getaddrinfo(host, port, socket.AF_INET, socket.SOCK_STREAM)
        except OSError as error:
            raise Failure(f"no pooler is known by the name {host}: {error}") from None
        self.poolers = [Pooler(address, certified, port) for address in sorted({entry[4][0] for entry in found})]
        self.told = []

    def check(self, seconds):
        """@raises Failure when one does not answer, or is paused already"""
        for pooler in self.poolers:
            pooler.waiting.ask("SHOW STATE", seconds)
            if pooler.is_paused(seconds):
                raise Failure(f"{pooler.name} is paused already, by hand or by another run: RESUME it, or wait until it does so by itself")

    def pause(self, deadline):
        """Each lets its transactions end and begins no other. @raises Failure when one is not ready by then."""
        for pooler in self.poolers:
            self.told.append(pooler)
            pooler.waiting.send("PAUSE")
        for pooler in self.poolers:
            try:
                pooler.waiting.answer(deadline)
            except Failure as failure:
                raise Failure(f"not ready: {failure}. A transaction that takes long keeps a pooler from it: see pg_stat_activity") from None

    def confirm(self, deadline):
        """@raises Failure when one is not paused any more"""
        for pooler in self.poolers:
            if not pooler.is_paused(deadline - time.monotonic()):
                raise Failure(f"{pooler.name} was resumed while the instant was marked")

    def resume(self):
        """Resumes all that were told to pause; what those say that did not."""
        deadline, silent = time.monotonic() + 2, []
        for pooler in self.told:
            try:
                pooler.resume(deadline)
            except Failure as failure:
                silent.append(str(failure))
        self.told = []
        return silent

    def close(self):
        for pooler in self.poolers:
            pooler.close()
