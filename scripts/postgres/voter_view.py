"""What etcd says about one cluster of Patroni, in one answer: its keys, the votes about its leader, and the standbys' pledges."""

import base64
import json
import urllib.parse
from dataclasses import dataclass, field
from typing import NamedTuple

# Holds the leader's key between two leaders: no member has this name, so that no standby follows anybody.
NOBODY = "nobody"


@dataclass(frozen=True)
class Leadership:
    """One term of one leader: another term of the same member has another revision.

    A term begins when the leader's key is made, or when voters hand the key on.
    """

    member: str
    revision: int


@dataclass(frozen=True)
class Synchronous:
    """Patroni's key "sync": who may have commits that the leader acknowledged.

    A commit was acknowledged by so many of the standbys that any `quorum` + 1 of them have one who has it; the leader changes
    this key before it changes whom it waits for.
    """

    leader: str
    standbys: frozenset
    quorum: int
    text: str
    revision: int

    @property
    def members(self):
        """Any `quorum` + 1 of these have all that was acknowledged: by the leader, or by one of them that leads and has not yet said so."""
        return self.standbys | {self.leader}


@dataclass(frozen=True)
class Vote:
    voter: str
    against: Leadership
    revision: int


class Received(NamedTuple):
    """How much of the log a standby has, in the order in which one has more than another."""

    timeline: int
    # In bytes.
    end: int


@dataclass(frozen=True)
class Pledge:
    """A standby's word in one interregnum: it receives from nobody, and this is all that it has."""

    member: str
    interregnum: int
    received: Received
    revision: int


@dataclass(frozen=True)
class View:
    leadership: "Leadership | None" = None
    # Revisions at which the leader's key was made and changed last, and was handed on by voters.
    leader_created: int = 0
    leader_changed: int = 0
    handed_on: int = 0
    addresses: dict = field(default_factory=dict)
    sync: "Synchronous | None" = None
    votes: tuple = ()
    pledges: tuple = ()
    # Whether Patroni is asked to wait for standbys, and not told to leave the cluster alone.
    synchronous: bool = False
    paused: bool = False
    switching: bool = False
    config_changed: int = 0
    failover_changed: int = 0
    # Revision of a bootstrap that a member has begun and not ended, and whether some member says that it is at work.
    bootstrap: int = 0
    at_work: bool = False


def encode(text):
    return base64.b64encode(text.encode()).decode()


def decode(data):
    return base64.b64decode(data).decode()


def view_of(scope, ballots, scope_prefix, votes_prefix):
    """Patroni's keys and ours as one view. What cannot be read is left out, which never makes more allowed."""
    seen, addresses, leader = {}, {}, None
    for kv in scope:
        name, changed = decode(kv["key"])[len(scope_prefix):], int(kv["mod_revision"])
        if name == "leader":
            leader = decode(kv["value"])
            seen.update(leader_created=int(kv["create_revision"]), leader_changed=changed)
        elif name == "config":
            config = load(kv)
            seen.update(paused=bool(config.get("pause")), synchronous=bool(config.get("synchronous_mode")))
            seen["config_changed"] = changed
        elif name == "failover":
            failover = load(kv)
            # One that is planned for later takes nothing away from a leader that dies before.
            asked = bool(failover.get("leader") or failover.get("member"))
            seen.update(switching=asked and not failover.get("scheduled_at"), failover_changed=changed)
        elif name == "sync":
            seen["sync"] = synchronous_of(kv)
        elif name == "initialize" and not kv.get("value"):
            seen["bootstrap"] = int(kv["create_revision"])
        elif name.startswith("members/"):
            if load(kv).get("state") != "stopped":
                seen["at_work"] = True
            hosts = [urllib.parse.urlsplit(load(kv).get(url, "")) for url in ("conn_url", "api_url")]
            addresses[name[len("members/"):]] = tuple((h.hostname, h.port) for h in hosts if h.hostname and h.port)
    votes, pledges = [], []
    for kv in ballots:
        kind, _, member = decode(kv["key"])[len(votes_prefix):].partition("/")
        content, changed = load(kv), int(kv["mod_revision"])
        if kind == "votes" and has(content, leader=str, revision=int):
            votes.append(Vote(member, Leadership(content["leader"], content["revision"]), changed))
        elif kind == "pledges" and has(content, interregnum=int, timeline=int, received=int):
            received = Received(content["timeline"], content["received"])
            pledges.append(Pledge(member, content["interregnum"], received, changed))
        elif kind == "handover":
            seen["handed_on"] = changed
    if leader is not None:
        seen["leadership"] = Leadership(leader, max(seen["leader_created"], seen.get("handed_on", 0)))
    return View(addresses=addresses, votes=tuple(votes), pledges=tuple(pledges), **seen)


def synchronous_of(kv):
    content = load(kv)
    standbys = content.get("sync_standby") or ""
    if not has(content, leader=str) or not isinstance(standbys, str):
        return None
    names = frozenset(name.strip() for name in standbys.split(",") if name.strip())
    return Synchronous(
        content["leader"], names, int(content.get("quorum") or 0), decode(kv["value"]), int(kv["mod_revision"])
    )


def has(content, **kinds):
    return all(isinstance(content.get(name), kind) for name, kind in kinds.items())


def load(kv):
    try:
        content = json.loads(decode(kv.get("value", "")))
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}
