"""Postgres with synchronous commits: who has which part of the log, and what was acknowledged."""

import json
from dataclasses import dataclass, field


class LostWrite(AssertionError):
    pass


@dataclass
class Member:
    """Postgres and Patroni on one host, with a member of etcd."""

    name: str
    up: bool = True
    asleep_until: float = 0
    primary: bool = False
    promoting: bool = False
    # Commits in the order of the log. One in `waiting` is not acknowledged yet.
    log: list = field(default_factory=list)
    # Each promotion begins another; servers that were never told of each other's may give two the same number.
    timeline: int = 1
    waiting: list = field(default_factory=list)
    # Whom commits wait for, and how many of them.
    names: frozenset = frozenset()
    needed: int = 0
    # End of the log when that was changed last.
    mark: int = 0
    confirmed: dict = field(default_factory=dict)
    # What Postgres was told to follow; and what its processes do, which lags a little behind.
    told: "str | None" = None
    obeys_at: float = 0
    follows: "str | None" = None
    receiving: bool = False
    sync_plan: list = field(default_factory=list)
    lease: str = ""
    heard_of_etcd: float = 0
    # A loop of Patroni may hold what it read for this long before it writes.
    read: "dict | None" = None

    def awake(self, now):
        return self.up and now >= self.asleep_until


class Postgres:
    """What the servers do. Part of a World."""

    def _replicate(self, member):
        self.at(self.between(0.05, 0.15), self._replicate, member)
        if not member.awake(self.now) or member.primary:
            return
        if self.now >= member.obeys_at and member.follows != member.told:
            member.follows, member.receiving = member.told, False
        source = self.members.get(member.follows)
        if source is None or not source.primary or not source.awake(self.now):
            member.receiving = member.receiving and source is not None and source.up
            return
        if not self.connected(member.name, source.name):
            member.receiving = member.receiving and self.random.random() < 0.98
            return
        if not member.receiving and not self.accepts(member.name, source.name):
            return
        member.receiving = True
        # Who has what its leader has not was leader itself: it is rewound.
        member.log, member.timeline = list(source.log), source.timeline
        source.confirmed[member.name] = len(member.log)
        self._acknowledge(source)

    def _commit(self):
        self.at(self.between(0.05, 0.2), self._commit)
        for member in self.members.values():
            if member.primary and member.awake(self.now):
                commit = self.count
                member.log.append(commit)
                member.waiting.append((len(member.log), commit))
                self._acknowledge(member)

    def _acknowledge(self, primary):
        still = []
        for end, commit in primary.waiting:
            if sum(primary.confirmed.get(m, 0) >= end for m in primary.names) >= primary.needed:
                if self.promises():
                    self.acknowledged.append(commit)
            else:
                still.append((end, commit))
        primary.waiting = still

    def promises(self):
        """Whether a commit that is acknowledged now may not be lost with its leader: where none need wait, it may."""
        return self.mode == "on" or json.loads(self.etcd.get("sync")["value"])["sync_standby"] != ""

    def check_log(self, member):
        lost = set(self.acknowledged) - set(member.log)
        if lost:
            raise LostWrite(f"{member.name} leads without {len(lost)} commits that were acknowledged")
