#!/usr/bin/env python3
"""Replaces a leader whose host is gone, long before its lock ends by itself (H2).

Runs beside each member. Every round it reads Patroni's keys from etcd and tries the leader's ports. A leader that has been
unreachable for `unreachable` seconds, or whose host has refused for `refused` seconds, gets this member's vote. Then, by whoever sees enough of what comes before:

1. A majority's votes end the term: the leader's key goes to nobody. Patroni's standbys follow nobody then.
2. Each synchronous standby that receives from nobody any more pledges so, and says how much it has.
3. With enough pledges the key goes to the one of them that has most. Its Patroni finds itself leader and promotes.

A leader whose pod ends needs no votes: its own voter ends the term.

Between 2 and 3 the old leader, should it live, can acknowledge no commit: docs/failover.md says why nothing is lost.

Environment: see components/postgres/memberPod.ts. Standard library only.
"""

import http.client
import json
import os
import signal
import ssl
import sys
import threading
import time
from dataclasses import dataclass, field

from voter_ballot import Ballot
from voter_probe import Prober, Standby
from voter_rules import (
    ACCEPTS, SILENT, Settled, Suspicion, is_abandoned, is_interregnum, is_suspect, may_resign, must_pledge, successor,
    votes_to_end
)
from voter_store import Store
from voter_view import View

# Pause between rounds while nobody leads: every one of them is downtime.
HASTE = 0.05
# A bootstrap is given up for lost after so many times the patience with a leader: a member at work says so every second.
BOOTSTRAP_PATIENCE = 5
# What comes of an etcd that does not answer, or not as it should.
UNANSWERED = (OSError, http.client.HTTPException, KeyError, ValueError)


def say(message):
    print(f"voter: {message}", flush=True)


@dataclass
class Voter:
    member: str
    voters: frozenset
    ballot: Ballot
    suspicion: Suspicion
    prober: Prober
    standby: Standby
    clock: "object" = time.monotonic
    settled: Settled = field(default_factory=Settled)
    view: View = field(default_factory=View)

    def __post_init__(self):
        patience = BOOTSTRAP_PATIENCE * self.suspicion.patience
        self.abandonment = Suspicion(patience, patience)

    def round(self):
        """One look at etcd and at the leader. Without etcd the leader is still watched, so that no time is lost when it is back."""
        started = self.clock()
        try:
            self.view = self.ballot.read()
        except UNANSWERED:
            self._time_to_vote(started)
            raise
        self._tend_bootstrap(started)
        if is_interregnum(self.view):
            return self._find_successor()
        self.ballot.withdraw("pledges")
        if self._time_to_vote(started):
            leader = self.view.leadership
            if self.ballot.vote(self.clock(), leader):
                say(f"{leader.member} is unreachable: vote against its term {leader.revision}")
            self.view = self.ballot.read()
        else:
            self.ballot.withdraw("votes")
        votes = votes_to_end(self.view, self.voters)
        if votes and self.ballot.end_term(self.view, votes):
            who = ", ".join(sorted(v.voter for v in votes))
            say(f"{self.view.leadership.member} leads no more: votes of {who}")

    def resign(self):
        """Ends the term of this member, if it leads: its pod ends, and the others need not find that out."""
        view = self.ballot.read()
        if may_resign(view, self.member) and self.ballot.end_term(view, ()):
            say(f"{self.member} leads no more: its pod ends")

    def pause(self, interval):
        """How long to wait after a round, itself included."""
        return HASTE if is_interregnum(self.view) else interval

    def _tend_bootstrap(self, started):
        abandoned = is_abandoned(self.view)
        seen = None if abandoned is None else SILENT if abandoned else ACCEPTS
        if self.abandonment.observe(started, self.clock(), self.view.bootstrap, seen):
            if self.ballot.clear_bootstrap(self.view):
                say("the cluster was to be made, but nobody does: the members may race for it anew")

    def _find_successor(self):
        self.suspicion.observe(0, 0, None, None)
        if must_pledge(self.view, self.member):
            received = self.standby.received()
            if self.settled.observe(self.clock(), self.view.leader_changed, received):
                if self.ballot.pledge(self.clock(), self.view.leader_changed, received):
                    say(f"{self.member} follows nobody and has {received.end} bytes of timeline {received.timeline}")
                    self.view = self.ballot.read()
            elif received is None:
                self.ballot.withdraw("pledges")
        found = successor(self.view)
        if found and self.ballot.hand_on(self.view, *found):
            who = ", ".join(sorted(p.member for p in found[1]))
            say(f"{found[0]} is to lead: pledges of {who}")

    def _time_to_vote(self, started):
        if not is_suspect(self.view, self.member):
            return self.suspicion.observe(started, started, None, None)
        leader = self.view.leadership
        seen = self.prober.look(self.view.addresses.get(leader.member, ()))
        return self.suspicion.observe(started, self.clock(), leader, seen)


def main():
    # The first process of a container is deaf to signals that it has no handler for: its pod would take the whole grace period to end.
    ending = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ending.set())
    settings = json.loads(os.environ["VOTER_SETTINGS"])
    member = os.environ["VOTER_MEMBER"]
    tls, local = settings["tls"], settings["postgres"]
    context = ssl.create_default_context(cafile=tls["authority"])
    context.load_cert_chain(tls["certificate"], tls["key"])
    store = Store(settings["etcd"], context, settings["storeTimeout"])
    voter = Voter(
        member,
        frozenset(settings["voters"]),
        Ballot(store, settings["scopePrefix"], settings["votesPrefix"], member, settings["interregnum"]),
        Suspicion(settings["unreachable"], settings["refused"]),
        Prober(settings["connectTimeout"], context),
        Standby(local["psql"], local["sockets"], local["user"]),
    )
    say(f"{member} watches with {len(voter.voters) - 1} others")
    troubled = False
    while not ending.is_set():
        started = time.monotonic()
        try:
            voter.round()
            if troubled:
                say("etcd answers again")
            troubled = False
        except UNANSWERED as error:
            if not troubled:
                print(f"voter: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
            troubled = True
        ending.wait(max(HASTE, voter.pause(settings["interval"]) - (time.monotonic() - started)))
    try:
        voter.resign()
    except UNANSWERED as error:
        print(f"voter: could not resign: {error}", file=sys.stderr, flush=True)
    # Threads that still wait for an answer would hold it up.
    os._exit(0)


if __name__ == "__main__":
    main()
