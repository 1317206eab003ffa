"""Patroni as its source has it (ha.py, quorum.py of 4.0.7), as far as it matters who leads and whom commits wait for.

Whoever holds the key leads; a leader whose etcd does not answer gives up within the ttl; nobody follows anybody without a
leader; and the key "sync" is changed before whom commits wait for.
"""

import json

from etcd import SCOPE

TTL, RETRY = 20, 3


class Patroni:
    """What Patroni does beside each member. Part of a World."""

    def _lead(self, member):
        member.lease = self.etcd.ask(self.now, "/v3/lease/grant", {"TTL": TTL})["ID"]
        self.etcd.put("leader", member.name, member.lease)
        member.heard_of_etcd = self.now

    def _patroni(self, member):
        if not member.up:
            return self.at(1, self._patroni, member)
        if not member.awake(self.now):
            # It goes on exactly where it stood still: with what it read before.
            return self.at(member.asleep_until - self.now, self._patroni, member)
        if member.read is None:
            if self.reaches_etcd(member.name) and self.random.random() >= self.slow_etcd:
                member.read = self.etcd.snapshot()
                member.heard_of_etcd = self.now
            # A loop takes its time between what it reads and what it does.
            self.at(self.between(0, 0.3) if self.random.random() < 0.7 else self.between(0.3, 2), self._patroni, member)
            if member.read is None and member.primary and self.now - member.heard_of_etcd > self.between(RETRY, TTL - 4):
                self._demote(member)
            return
        seen, member.read = member.read, None
        if self.reaches_etcd(member.name):
            self._loop(member, {k[len(SCOPE):]: kv for k, kv in seen.items() if k.startswith(SCOPE)})
        # The watch on the leader's key wakes it soon, as a rule.
        self.at(self.between(0.02, 0.4) if self.random.random() < 0.6 else self.between(0.4, 2), self._patroni, member)

    def _loop(self, member, seen):
        leader = seen["leader"]["value"] if "leader" in seen else None
        if leader == member.name:
            self._hold(member, seen)
        elif member.primary or member.promoting:
            self._demote(member)
        elif leader is None:
            self._follow(member, None)
            self._race(member, seen)
        else:
            self._follow(member, leader if leader in self.members else None)

    def _hold(self, member, seen):
        """As _update_leader does: the lease is renewed, and the key written again when it has another lease."""
        kept = member.lease in self.etcd.leases
        if not kept:
            member.lease = self.etcd.ask(self.now, "/v3/lease/grant", {"TTL": TTL})["ID"]
        self.etcd.leases[member.lease] = self.now + TTL
        if seen["leader"]["lease"] != member.lease:
            now_there = self.etcd.get("leader")
            if now_there is not None and now_there["value"] != member.name:
                return self._demote(member)
            self.etcd.put("leader", member.name, member.lease)
        if member.primary:
            self._tend_sync(member, seen)
            if history_of(seen) != member.timeline:
                self.etcd.put("history", str(member.timeline))
        elif not member.promoting:
            self._promote(member, seen)

    def _tend_sync(self, member, seen):
        """One step towards waiting for those who stream.

        Decided on what was read, and written only if nobody wrote it since. At every step all that was acknowledged is on one of
        any quorum + 1 of the standbys that the key names.
        """
        sync, version = json.loads(seen["sync"]["value"]), seen["sync"]["mod"]
        write = lambda standbys, quorum: self._write_sync(member, member.name, standbys, quorum, version)
        if sync["leader"] != member.name:
            # Right after its promotion.
            write(member.names, len(member.names) - member.needed)
            return
        said, wanted = named(sync), self._wanted(member, json.loads(seen["config"]["value"]))
        caught_up = all(member.confirmed.get(m, 0) >= member.mark for m in member.names)
        if said == member.names == wanted:
            return
        if not wanted:
            if not said or write(frozenset(), 0):
                member.names, member.needed = frozenset(), 0
        elif member.names == wanted:
            if caught_up:
                write(wanted, len(wanted) - member.needed)
        elif self.mode == "on" and said:
            write(frozenset(), 0)
        elif said and not wanted <= said:
            write(said | wanted, len(said | wanted) - 1)
        else:
            member.names, member.needed, member.mark = wanted, 1, len(member.log)

    def _wanted(self, member, config):
        if not config.get("synchronous_mode"):
            return frozenset()
        streaming = frozenset(
            m.name for m in self.members.values()
            if m.receiving and m.follows == member.name and self.connected(m.name, member.name)
        )
        if self.mode == "quorum":
            return streaming
        return streaming & member.names or frozenset(sorted(streaming)[:1])

    def _write_sync(self, member, leader, standbys, quorum, version):
        value = {"leader": leader, "sync_standby": ",".join(sorted(standbys)), "quorum": quorum}
        return self.etcd.put("sync", json.dumps(value), mod=version)

    def _race(self, member, seen):
        """Patroni's own election: as many of those in "sync" as it takes must be reached, and none may have more."""
        if member.timeline < history_of(seen):
            # check_timeline
            return
        sync = json.loads(seen["sync"]["value"])
        voting = named(sync) | {sync["leader"]}
        if member.name not in voting and self.mode == "on":
            return
        votes = 0 if member.name in voting else -1
        for other in self.members.values():
            if other is member or not self.accepts(member.name, other.name):
                continue
            if other.primary or len(other.log) > len(member.log):
                return
            votes += other.name in voting
        if not named(sync) or votes >= sync["quorum"]:
            member.read = None
            self.at(self.between(0, 0.3), self._take, member)

    def _take(self, member):
        if member.awake(self.now) and self.reaches_etcd(member.name) and self.etcd.get("leader") is None:
            self._lead(member)

    def _promote(self, member, seen):
        sync = json.loads(seen["sync"]["value"])
        voting = (named(sync) | {sync["leader"]}) - {member.name}
        member.promoting, member.names = True, frozenset(voting)
        member.needed = len(named(sync)) + 1 - sync["quorum"] - 1 if named(sync) else 0
        if self.mode == "on":
            member.names, member.needed = frozenset(), 0
            if not self._write_sync(member, member.name, frozenset(), 0, seen["sync"]["mod"]):
                member.promoting = False
                return
        self.at(self.between(0.1, 0.8), self._promoted, member)

    def _promoted(self, member):
        if not member.promoting or not member.up:
            return
        member.promoting, member.primary, member.confirmed = False, True, {}
        member.told = member.follows = None
        member.receiving = False
        member.timeline += 1
        self.check_log(member)

    def _demote(self, member):
        member.primary = member.promoting = False
        member.waiting.clear()
        member.names, member.needed, member.confirmed = frozenset(), 0, {}

    def _follow(self, member, leader):
        if member.told != leader:
            member.told, member.obeys_at = leader, self.now + self.between(0, 0.09)


def history_of(seen):
    """Timeline of the last leader that came to write it down."""
    return int(seen["history"]["value"]) if "history" in seen else 1


def named(sync):
    return frozenset(name for name in (sync["sync_standby"] or "").split(",") if name)
