"""A small world for the voters: etcd, Patroni, Postgres and a network that fails, in simulated time and from one seed.

The voters in it are the real ones (scripts/postgres); only what they talk to is modelled.
"""

import heapq
import json
import random

from etcd import SCOPE, VOTES, Etcd, listing
from patroni import TTL, Patroni
from postgres import Member, Postgres
from voter import Voter
from voter_ballot import Ballot
from voter_rules import ACCEPTS, REFUSES, SILENT, Suspicion
from voter_view import Received, decode
from watch import PATIENCE, PATIENCE_WITH_REFUSAL, Watch

INTERVAL, CONNECT = 0.4, 0.5


class World(Patroni, Postgres, Watch):
    def __init__(self, seed, size=3, mode="quorum"):
        self.random, self.now, self.events, self.count = random.Random(seed), 0.0, [], 0
        self.etcd, self.mode = Etcd(), mode
        # What a host says that does not accept: safety must not depend on it.
        self.refuses = self.random.random() < 0.3
        self.members = {f"postgres-{i}": Member(f"postgres-{i}") for i in range(size)}
        # Pairs whose packets are lost, and hosts at which no new connection gets through while those that are there go on.
        self.cut, self.deaf, self.slow_etcd = set(), set(), 0.0
        self.acknowledged, self.terms_ended, self.handed_on, self.reached = [], 0, 0, {}
        self.history, self.resigning = [], None
        self.voters = {name: self._voter(name) for name in self.members}
        self._begin()

    # --- the network

    def connected(self, a, b):
        return a == b or (frozenset((a, b)) not in self.cut and self.members[a].up and self.members[b].up)

    def accepts(self, a, b):
        """Whether a new connection from a to b is made. The kernel of a sleeping host does not answer."""
        return self.connected(a, b) and b not in self.deaf and self.members[b].awake(self.now)

    def reaches_etcd(self, name):
        if not self.cut and all(m.awake(self.now) for m in self.members.values()):
            return True
        majority = len(self.members) // 2 + 1
        whole = [m for m in self.members if sum(self.connected(m, other) for other in self.members) >= majority]
        return any(self.connected(name, m) for m in whole if self.members[m].awake(self.now))

    def lose(self, name):
        """Power off."""
        member = self.members[name]
        member.up = False
        self._demote(member)

    def end(self, name, lasts):
        """Its pod is told to end: its voter is gone at once, its Postgres a little later."""
        member = self.members[name]
        if member.awake(self.now):
            self.resigning = name
            try:
                self.voters[name].resign()
            except OSError:
                pass
            self.resigning = None
            self.at(self.between(0, 2), self.lose, name)
            self.at(2 + lasts, self.restart, name)

    def restart(self, name):
        member = self.members[name]
        if not member.up:
            member.up, member.read, member.receiving, member.told, member.follows = True, None, False, None, None

    def heal(self):
        self.cut.clear()
        self.deaf.clear()
        self.slow_etcd = 0.0
        for name in self.members:
            self.restart(name)

    # --- time

    def at(self, delay, action, *arguments):
        self.count += 1
        heapq.heappush(self.events, (self.now + delay, self.count, action, arguments))

    def run(self, until):
        while self.events and self.events[0][0] <= until:
            self.now, _, action, arguments = heapq.heappop(self.events)
            self.etcd.expire(self.now)
            action(*arguments)
        self.now = until

    def between(self, low, high):
        return self.random.uniform(low, high)

    # --- how it begins: postgres-0 leads, all others stream

    def _begin(self):
        names = list(self.members)
        standbys = frozenset(names[1:])
        first = self.members[names[0]]
        first.primary, first.names = True, standbys
        first.needed = 1 if self.mode == "quorum" else len(standbys)
        if self.mode == "on":
            first.names, first.needed = frozenset(names[1:2]), 1
        for member in self.members.values():
            address = {
                "conn_url": f"postgres://{member.name}:5432/postgres",
                "api_url": f"https://{member.name}:8008/patroni",
            }
            self.etcd.put(f"members/{member.name}", json.dumps(address))
            member.told = member.follows = None if member.primary else first.name
            member.receiving = not member.primary
            self.at(self.between(0, 0.5), self._patroni, member)
            self.at(self.between(0, 0.1), self._replicate, member)
            self.at(self.between(0, INTERVAL), self._vote, self.voters[member.name], member)
        self.configure({"synchronous_mode": True if self.mode == "on" else "quorum"})
        self._write_sync(first, first.name, first.names, len(first.names) - first.needed, None)
        self._lead(first)
        self.at(0.05, self._commit)
        self.at(0, self._remember)
        self.at(0, self._watch)

    def _remember(self):
        self.history = self.history[-4:] + [self.etcd.snapshot()]
        self.at(0.2, self._remember)

    def configure(self, config):
        self.etcd.put("config", json.dumps(config))

    # --- voters

    def _voter(self, name):
        offset, member = self.random.uniform(0, 1e6), self.members[name]
        world = self

        class Asked:
            def read(self, path, body):
                return world.ask_etcd(name, path, body, stale=True)

            def write(self, path, body):
                return world.ask_etcd(name, path, body)

        class Tried:
            def look(self, addresses):
                if any(world.accepts(name, host) for host, _ in addresses):
                    return ACCEPTS
                return REFUSES if world.refuses else SILENT

        class Beside:
            def received(self):
                cut_off = member.up and not member.primary and member.told is None and not member.receiving
                return Received(member.timeline, len(member.log)) if cut_off else None

        ballot = Ballot(Asked(), SCOPE, VOTES, name, TTL)
        voters = frozenset(self.members)
        # Clocks of two hosts have nothing in common.
        clock = lambda: self.now + offset
        return Voter(name, voters, ballot, Suspicion(PATIENCE, PATIENCE_WITH_REFUSAL), Tried(), Beside(), clock)

    def _vote(self, voter, member):
        pause = INTERVAL
        if member.awake(self.now):
            try:
                voter.round()
            except OSError:
                pass
            pause = voter.pause(INTERVAL)
            leader = voter.view.leadership
            if leader and leader.member in self.members and not self.accepts(member.name, leader.member):
                pause = max(pause, CONNECT + 0.05)
        else:
            pause = max(0.05, member.asleep_until - self.now) if member.up else INTERVAL
        self.at(pause * self.between(1, 1.2), self._vote, voter, member)

    def ask_etcd(self, name, path, body, stale=False):
        if not self.reaches_etcd(name) or self.random.random() < self.slow_etcd:
            raise OSError("etcd does not answer")
        if stale and self.history and self.random.random() < 0.3:
            # What was read is as old as the reader is slow.
            return self._old_answer(body)
        fate = self.random.random() if self.slow_etcd else 1
        before = self._guarded(path)
        if fate < self.slow_etcd / 2:
            self.at(self.between(0, 2), self._late, name, path, body)
            raise OSError("no answer yet")
        answer = self.etcd.ask(self.now, path, body)
        self._check_transaction(before)
        if fate < self.slow_etcd:
            raise OSError("the answer was lost")
        return answer

    def _late(self, name, path, body):
        before = self._guarded(path)
        try:
            self.etcd.ask(self.now, path, body)
        except OSError:
            return
        self._check_transaction(before)

    def _old_answer(self, body):
        keys = self.random.choice(self.history)
        prefixes = [decode(r["request_range"]["key"]) for r in body["success"]]
        return {"responses": [{"response_range": {"kvs": listing(keys, p)}} for p in prefixes]}
