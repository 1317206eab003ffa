"""The part of etcd's JSON gateway that the voters use, and what Patroni writes to it."""

import voter_ballot
from voter_view import decode, encode, view_of

SCOPE, VOTES = "/dify-ha/dify/", "/dify-ha-votes/dify/"


class Etcd:
    """Keys with their revisions and leases, and etcd's own rules of comparison."""

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
