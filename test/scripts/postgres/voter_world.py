"""A small world for the voters: etcd, Patroni, Postgres and a network that fails, in simulated time and from one seed.

The voters in it are the real ones (scripts/postgres); only what they talk to is modelled. Patroni is modelled as its source has
it (ha.py, quorum.py of 4.0.7): whoever holds the key leads, a leader whose etcd does not answer gives up within the ttl, nobody
follows anybody without a leader, and the key "sync" is changed before whom commits wait for.
"""

import heapq
import json
import random
from dataclasses import dataclass, field

import voter_ballot
from voter import Voter
from voter_ballot import Ballot
from voter_rules import Suspicion
from voter_view import NOBODY, decode, encode, view_of

SCOPE, VOTES = "/dify-ha/dify/", "/dify-ha-votes/dify/"
TTL, RETRY, PATIENCE, INTERVAL, CONNECT = 20, 3, 2, 0.4, 0.5


class Etcd:
    """The part of etcd's JSON gateway that the voters use, with its own rules of comparison."""

    def __init__(self):
        self.revision, self.keys, self.leases, self.granted = 1, {}, {}, 0
        self.next_end, self.listed = 0, {}

    def ask(self, now, path, body):
        self.expire(now)
        if path == "/v3/lease/grant":
            self.granted += 1
            self.leases[str(self.granted)] = now + int(body["TTL"])
            return {"ID": str(self.granted)}
        if path == "/v3/kv/txn":
            held = all(self._holds(c) for c in body.get("compare", []))
            chosen = body.get("success", []) if held else body.get("failure", [])
            self.revision += any("request_range" not in r for r in chosen)
            return {"succeeded": held, "responses": [self._request(r) for r in chosen]}
        self.revision += 1
        kind = {"/v3/kv/put": "request_put", "/v3/kv/deleterange": "request_delete_range"}[path]
        return self._request({kind: body})

    def expire(self, now):
        if now < self.next_end:
            return
        self.next_end = now + 0.1
        for lease in [lease for lease, end in self.leases.items() if end <= now]:
            del self.leases[lease]
            gone = [key for key, kv in self.keys.items() if kv["lease"] == lease]
            self.revision += bool(gone)
            for key in gone:
                del self.keys[key]

    def get(self, name):
        return self.keys.get(SCOPE + name)

    def put(self, name, value, lease="", mod=None):
        """What Patroni writes; with `mod` only if the key was last changed then. The revision, or None."""
        kv = self.get(name)
        if mod is not None and (kv["mod"] if kv else 0) != mod:
            return None
        self.revision += 1
        self._put(SCOPE + name, value, lease)
        return self.revision

    def snapshot(self):
        """The keys as they are, the same object as long as nothing changes."""
        if self.listed.get("at") != self.revision:
            self.listed = {"at": self.revision, "keys": {key: dict(kv) for key, kv in self.keys.items()}}
        return self.listed["keys"]

    def _put(self, key, value, lease):
        created = self.keys[key]["created"] if key in self.keys else self.revision
        self.keys[key] = {"value": value, "created": created, "mod": self.revision, "lease": lease}

    def _holds(self, compare):
        kv = self.keys.get(decode(compare["key"]), {"created": 0, "mod": 0})
        target = compare["target"]
        if target == "VALUE":
            return kv.get("value") == decode(compare["value"])
        name = {"CREATE": "create_revision", "MOD": "mod_revision"}[target]
        return kv["created" if target == "CREATE" else "mod"] == int(compare[name])

    def _request(self, request):
        if "request_put" in request:
            put = request["request_put"]
            lease = put.get("lease", "")
            if lease and lease not in self.leases:
                raise OSError("lease not found")
            self._put(decode(put["key"]), decode(put["value"]), lease)
        elif "request_delete_range" in request:
            self.keys.pop(decode(request["request_delete_range"]["key"]), None)
        elif "key" in request.get("request_range", {}):
            return {"response_range": {"kvs": listing(self.snapshot(), decode(request["request_range"]["key"]))}}
        return {}


_listings, _views = {}, {}


def listing(keys, prefix):
    """As etcd's gateway writes it. Made once for each state, as is what the voters read from it: both are slow."""
    if (id(keys), prefix) not in _listings:
        if len(_listings) > 50:
            _listings.clear()
            _views.clear()
        kvs = [
            {
                "key": encode(key),
                "value": encode(kv["value"]),
                "create_revision": str(kv["created"]),
                "mod_revision": str(kv["mod"]),
            }
            for key, kv in keys.items()
            if key.startswith(prefix)
        ]
        _listings[id(keys), prefix] = keys, kvs
    return _listings[id(keys), prefix][1]


def remembered(scope, ballots, *prefixes):
    if (id(scope), id(ballots)) not in _views:
        _views[id(scope), id(ballots)] = scope, ballots, view_of(scope, ballots, *prefixes)
    return _views[id(scope), id(ballots)][2]


voter_ballot.view_of = remembered


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


class LostWrite(AssertionError):
    pass


class Violation(AssertionError):
    pass


class World:
    def __init__(self, seed, size=3, mode="quorum"):
        self.random, self.now, self.events, self.count = random.Random(seed), 0.0, [], 0
        self.etcd, self.mode = Etcd(), mode
        self.members = {f"postgres-{i}": Member(f"postgres-{i}") for i in range(size)}
        # Pairs whose packets are lost, and hosts at which no new connection gets through while those that are there go on.
        self.cut, self.deaf, self.slow_etcd = set(), set(), 0.0
        self.acknowledged, self.terms_ended, self.handed_on, self.reached = [], 0, 0, {}
        self.history = []
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
            def reachable(self, addresses):
                return any(world.accepts(name, host) for host, _ in addresses)

        class Beside:
            def received(self):
                cut_off = member.up and not member.primary and member.told is None and not member.receiving
                return len(member.log) if cut_off else None

        ballot = Ballot(Asked(), SCOPE, VOTES, name, TTL)
        voters = frozenset(self.members)
        # Clocks of two hosts have nothing in common.
        clock = lambda: self.now + offset
        return Voter(name, voters, ballot, Suspicion(PATIENCE), Tried(), Beside(), clock)

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

    # --- what must hold when a term is ended

    def _watch(self):
        """Notes since when a majority of the others has been able to reach the leader."""
        self.at(0.1, self._watch)
        leader = self.etcd.get("leader")
        name = leader["value"] if leader else None
        if name not in self.members:
            self.reached.clear()
            return
        others = [m for m in self.members if m != name]
        able = sum(self.accepts(m, name) for m in others)
        most = able > len(others) - (len(self.members) // 2 + 1)
        if not most or self.reached.get("leader") != name:
            self.reached = {"leader": name, "since": self.now if most else None}
        elif self.reached["since"] is None:
            self.reached["since"] = self.now
        if able == len(others):
            self.reached["by all"] = self.now

    def _guarded(self, path):
        if path != "/v3/kv/txn":
            return None
        return {name: self.etcd.get(name) for name in ("leader", "sync", "config")}

    def _check_transaction(self, before):
        leader = self.etcd.get("leader")
        if before is None or before["leader"] is None or leader == before["leader"]:
            return
        was = before["leader"]["value"]
        if was == NOBODY:
            self.handed_on += 1
            return
        self.terms_ended += 1
        sync, config = (json.loads(before[name]["value"]) for name in ("sync", "config"))
        if not config.get("synchronous_mode") or config.get("pause"):
            raise Violation("ended a term although commits need not wait for standbys, or in a pause")
        if sync["leader"] != was or not sync["sync_standby"]:
            raise Violation("ended the term of a leader that may acknowledge commits alone")
        # A vote is renewed every second and counts for three; what is asked of a slow etcd may come two seconds late.
        since = self.reached.get("since")
        if since is not None and self.now - since > 3 + 1 + 2 + 1:
            raise Violation(f"ended the term of {was}, which most have been able to reach for {self.now - since:.1f} s")
        all_reached = self.reached.get("by all")
        if all_reached is not None and self.now - all_reached < PATIENCE - 0.2:
            raise Violation(f"ended the term of {was} too soon: all reached it {self.now - all_reached:.1f} s ago")

    # --- Patroni

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
        self.check_log(member)

    def _demote(self, member):
        member.primary = member.promoting = False
        member.waiting.clear()
        member.names, member.needed, member.confirmed = frozenset(), 0, {}

    def _follow(self, member, leader):
        if member.told != leader:
            member.told, member.obeys_at = leader, self.now + self.between(0, 0.09)

    # --- Postgres

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
        member.log = list(source.log)
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
                self.acknowledged.append(commit)
            else:
                still.append((end, commit))
        primary.waiting = still

    def check_log(self, member):
        lost = set(self.acknowledged) - set(member.log)
        if lost:
            raise LostWrite(f"{member.name} leads without {len(lost)} commits that were acknowledged")


def named(sync):
    return frozenset(name for name in (sync["sync_standby"] or "").split(",") if name)


# --- what fails


def lose(world, name):
    member = world.members[name]
    member.up = False
    member.waiting.clear()
    world._demote(member)


def restart(world, name):
    member = world.members[name]
    if not member.up:
        member.up, member.read, member.receiving, member.told, member.follows = True, None, False, None, None


def heal(world):
    world.cut.clear()
    world.deaf.clear()
    world.slow_etcd = 0.0
    for name in world.members:
        restart(world, name)
