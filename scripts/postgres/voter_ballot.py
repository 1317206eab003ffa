"""The voters' view of etcd: Patroni's keys, the votes about its leader, and the one transaction that ends a term.

Used by voter.py. Talks to etcd's JSON gateway; standard library only.
"""

import base64
import concurrent.futures
import http.client
import json
import urllib.parse
from dataclasses import dataclass

VOTE_TTL = 5  # Seconds that a vote counts when its voter does not renew it.
VOTE_RENEWAL = 2


@dataclass(frozen=True)
class Leadership:
    """One term of one leader: another term of the same member has another revision."""

    member: str
    revision: int


@dataclass(frozen=True)
class Vote:
    voter: str
    against: Leadership
    revision: int


@dataclass(frozen=True)
class View:
    """What etcd said in one answer."""

    leadership: "Leadership | None"
    addresses: dict
    votes: tuple
    paused: bool


def encode(text):
    return base64.b64encode(text.encode()).decode()


def decode(data):
    return base64.b64decode(data).decode()


def end_of_prefix(prefix):
    return prefix[:-1] + chr(ord(prefix[-1]) + 1)


class Endpoint:
    """One member of etcd, over a connection that is kept."""

    def __init__(self, address, context, timeout):
        self.address, self.context, self.timeout = address, context, timeout
        self.connection = None

    def post(self, path, body):
        try:
            if self.connection is None:
                host, port = self.address.rsplit(":", 1)
                self.connection = http.client.HTTPSConnection(
                    host, int(port), timeout=self.timeout, context=self.context
                )
            self.connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
            answer = self.connection.getresponse()
            data = answer.read()
        except (OSError, http.client.HTTPException):
            if self.connection is not None:
                self.connection.close()
            self.connection = None
            raise
        if answer.status != 200:
            raise OSError(f"{self.address} answered {answer.status}: {data[:200]!r}")
        return json.loads(data)


class Store:
    """etcd as a whole."""

    def __init__(self, addresses, context, timeout):
        self.timeout = timeout
        self.members = [Endpoint(address, context, timeout) for address in addresses]
        # A thread for each: a member that hangs delays nobody else.
        self.threads = {e: concurrent.futures.ThreadPoolExecutor(1) for e in self.members}
        self.pending = {}

    def read(self, path, body):
        """Asks all members at once; the first answer counts, and who gave it is asked first when something is written."""
        asked = {self._submit(e, path, body): e for e in self.members if self._idle(e)}
        reasons = []
        try:
            for answer in concurrent.futures.as_completed(asked, timeout=self.timeout):
                if answer.exception() is None:
                    first = asked[answer]
                    self.members.sort(key=lambda e: e is not first)
                    return answer.result()
                reasons.append(str(answer.exception()))
        except concurrent.futures.TimeoutError:
            reasons.append(f"no answer within {self.timeout} s")
        raise OSError("etcd: " + ("; ".join(reasons) or "all members are still busy"))

    def write(self, path, body):
        """Asks one member after another until one has done it. What is asked may be done twice."""
        reasons = []
        for endpoint in [e for e in self.members if self._idle(e)]:
            try:
                return self._submit(endpoint, path, body).result(self.timeout)
            except (OSError, http.client.HTTPException, concurrent.futures.TimeoutError) as error:
                reasons.append(f"{endpoint.address}: {error or 'no answer'}")
        raise OSError("etcd: " + ("; ".join(reasons) or "all members are still busy"))

    def _idle(self, endpoint):
        return endpoint not in self.pending or self.pending[endpoint].done()

    def _submit(self, endpoint, path, body):
        self.pending[endpoint] = self.threads[endpoint].submit(endpoint.post, path, body)
        return self.pending[endpoint]


class Ballot:
    """The keys of one cluster of Patroni, and the votes about its leader."""

    def __init__(self, store, scope_prefix, votes_prefix, voter):
        self.store, self.scope_prefix, self.votes_prefix, self.voter = store, scope_prefix, votes_prefix, voter
        self.voted = None

    def read(self):
        prefixes = [self.scope_prefix, self.votes_prefix]
        requests = [
            {"request_range": {"key": encode(p), "range_end": encode(end_of_prefix(p))}} for p in prefixes
        ]
        answer = self.store.read("/v3/kv/txn", {"success": requests})
        scope, votes = (part["response_range"].get("kvs", []) for part in answer["responses"])
        return view_of(scope, votes, self.scope_prefix, self.votes_prefix)

    def vote(self, now, against):
        """Casts or renews a vote; True when it is a new one. It ends with its lease: a voter that dies cannot go on voting."""
        new = self.voted is None or self.voted[0] != against
        if not new and now - self.voted[1] < VOTE_RENEWAL:
            return False
        lease = self.store.write("/v3/lease/grant", {"TTL": str(VOTE_TTL)})["ID"]
        value = json.dumps({"leader": against.member, "revision": against.revision})
        self.store.write("/v3/kv/put", {"key": self._own_key(), "value": encode(value), "lease": lease})
        self.voted = (against, now)
        return new

    def withdraw(self):
        if self.voted is not None:
            self.store.write("/v3/kv/deleterange", {"key": self._own_key()})
            self.voted = None

    def remove(self, leadership, votes):
        """Deletes the leader's key if this leadership and all these votes still stand. True if it was this one who did."""
        leader_key = encode(self.scope_prefix + "leader")
        compare = [
            {"target": "CREATE", "key": leader_key, "create_revision": str(leadership.revision)},
            {"target": "VALUE", "key": leader_key, "value": encode(leadership.member)},
        ] + [
            {"target": "MOD", "key": encode(self.votes_prefix + v.voter), "mod_revision": str(v.revision)}
            for v in votes
        ]
        success = [{"request_delete_range": {"key": leader_key}}]
        answer = self.store.write("/v3/kv/txn", {"compare": compare, "success": success})
        return answer.get("succeeded", False)

    def _own_key(self):
        return encode(self.votes_prefix + self.voter)


def view_of(scope, votes, scope_prefix, votes_prefix):
    """Patroni's keys and the votes as one view. What cannot be read is left out."""
    leadership, addresses, paused = None, {}, False
    for kv in scope:
        name = decode(kv["key"])[len(scope_prefix):]
        if name == "leader":
            leadership = Leadership(decode(kv["value"]), int(kv["create_revision"]))
        elif name == "config":
            paused = bool(load(kv).get("pause"))
        elif name.startswith("members/"):
            hosts = [urllib.parse.urlsplit(load(kv).get(url, "")) for url in ("conn_url", "api_url")]
            addresses[name[len("members/"):]] = tuple((h.hostname, h.port) for h in hosts if h.hostname and h.port)
    cast = []
    for kv in votes:
        content = load(kv)
        if isinstance(content.get("leader"), str) and isinstance(content.get("revision"), int):
            against = Leadership(content["leader"], content["revision"])
            cast.append(Vote(decode(kv["key"])[len(votes_prefix):], against, int(kv["mod_revision"])))
    return View(leadership, addresses, tuple(cast), paused)


def load(kv):
    try:
        content = json.loads(decode(kv.get("value", "")))
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}
