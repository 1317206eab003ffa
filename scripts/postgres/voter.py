#!/usr/bin/env python3
"""Votes out a leader whose host is gone, long before its lock ends by itself (H2).

Runs beside each member. Every round it reads Patroni's keys from etcd and tries the leader's ports. A leader that has been
unreachable for VOTER_UNREACHABLE seconds gets this member's vote; whoever sees the votes of a majority of the members deletes
the leader's key, in a transaction that holds only for that very leadership and those very votes. Patroni's watch on the key
makes the standbys race at once. Commits are synchronous: a leader that lives but is cut off cannot acknowledge one alone, and
demotes itself when it sees the key gone.

Environment: see components/postgres/voterContainer.ts. Standard library only.
"""

import concurrent.futures
import http.client
import json
import os
import socket
import ssl
import sys
import time
from dataclasses import dataclass, field

from voter_ballot import Ballot, Leadership, Store, View


@dataclass
class Suspicion:
    """Since when the leader of one term has been unreachable."""

    patience: float
    leadership: "Leadership | None" = None
    since: "float | None" = None

    def observe(self, now, leadership, reachable):
        """True when it is time to vote. `reachable` is None when nothing can be said."""
        if leadership != self.leadership:
            self.leadership, self.since = leadership, None
        if leadership is None or reachable is not False:
            self.since = None
            return False
        if self.since is None:
            self.since = now
        return now - self.since >= self.patience


def counted_votes(view, voters):
    """The votes against the present leadership when they are a majority of the voters, else none."""
    if view.leadership is None or view.paused:
        return ()
    latest = {v.voter: v for v in view.votes if v.against == view.leadership and v.voter != view.leadership.member}
    return tuple(latest.values()) if len(latest) >= voters // 2 + 1 else ()


class Prober:
    """Whether somebody listens at an address. A name that does not resolve says nothing about the host: its last address is tried."""

    def __init__(self, timeout):
        self.timeout = timeout
        self.connections = concurrent.futures.ThreadPoolExecutor(4)
        # Apart, since a lookup may take long when a DNS server has gone with the leader's host.
        self.lookups = concurrent.futures.ThreadPoolExecutor(4)
        self.looking, self.known = {}, {}
        self.well = True

    def reachable(self, addresses):
        """True when a port accepts, False when none does, None when no address is known.

        As long as all is well only the first is tried: Patroni logs every connection that asks for nothing.
        """
        for host in {h for h, _ in addresses} - self.known.keys():
            concurrent.futures.wait([self._look_up(host)], self.timeout)
        known = [(self.known[h], p) for h, p in addresses if h in self.known]
        if not known:
            return None
        self.well = (self.well and self._connects(*known[0])) or self._any_connects(known)
        if not self.well:
            # The pod may have moved: the next round tries what the name says then.
            for host in {h for h, _ in addresses}:
                self._look_up(host)
        return self.well

    def _any_connects(self, known):
        tried = [self.connections.submit(self._connects, address, port) for address, port in known]
        return any(t.result() for t in concurrent.futures.as_completed(tried))

    def _look_up(self, host):
        if host not in self.looking or self.looking[host].done():
            self.looking[host] = self.lookups.submit(self._resolve, host)
        return self.looking[host]

    def _resolve(self, host):
        try:
            self.known[host] = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0][4][0]
        except OSError:
            pass

    def _connects(self, address, port):
        try:
            with socket.create_connection((address, port), self.timeout):
                return True
        except OSError:
            return False


def say(message):
    print(f"voter: {message}", flush=True)


@dataclass
class Voter:
    member: str
    voters: int
    ballot: Ballot
    suspicion: Suspicion
    prober: Prober
    view: View = field(default=View(None, {}, (), False))

    def round(self, now):
        """One look at etcd and at the leader. Without etcd the leader is still watched, so that no time is lost when it is back."""
        try:
            self.view = self.ballot.read()
        except (OSError, http.client.HTTPException, KeyError, ValueError):
            self._time_to_vote(now)
            raise
        leadership = self.view.leadership
        if self._time_to_vote(now):
            if self.ballot.vote(now, leadership):
                patience = self.suspicion.patience
                say(f"{leadership.member} has been unreachable for {patience} s: vote against its term {leadership.revision}")
                self.view = self.ballot.read()
        else:
            self.ballot.withdraw()
        votes = counted_votes(self.view, self.voters)
        if votes and self.ballot.remove(self.view.leadership, votes):
            who = ", ".join(sorted(v.voter for v in votes))
            say(f"{self.view.leadership.member} leads no more: votes of {who}")

    def _time_to_vote(self, now):
        leadership = self.view.leadership
        if leadership is None or leadership.member == self.member or self.view.paused:
            return self.suspicion.observe(now, None, None)
        addresses = self.view.addresses.get(leadership.member, ())
        return self.suspicion.observe(now, leadership, self.prober.reachable(addresses))


def main():
    settings = json.loads(os.environ["VOTER_SETTINGS"])
    member = os.environ["VOTER_MEMBER"]
    tls = settings["tls"]
    context = ssl.create_default_context(cafile=tls["authority"])
    context.load_cert_chain(tls["certificate"], tls["key"])
    store = Store(settings["etcd"], context, settings["storeTimeout"])
    ballot = Ballot(store, settings["scopePrefix"], settings["votesPrefix"], member)
    prober = Prober(settings["connectTimeout"])
    voter = Voter(member, settings["voters"], ballot, Suspicion(settings["unreachable"]), prober)
    say(f"{member} watches with {settings['voters'] - 1} others")
    troubled = False
    while True:
        started = time.monotonic()
        try:
            voter.round(started)
            if troubled:
                say("etcd answers again")
            troubled = False
        except (OSError, http.client.HTTPException, KeyError, ValueError) as error:
            if not troubled:
                print(f"voter: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
            troubled = True
        time.sleep(max(0.05, settings["interval"] - (time.monotonic() - started)))


if __name__ == "__main__":
    main()
