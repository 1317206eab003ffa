"""The voters' writes to etcd: votes, pledges, and the two transactions that end a term and hand it on.

Used by voter.py. Both transactions hold only as long as everything stands that they were decided on.
"""

import json

from voter_view import NOBODY, encode, view_of

VOTE_TTL = 3  # Seconds that a vote counts when its voter does not renew it: one that dies cannot go on voting.
VOTE_RENEWAL = 1
# Seconds in which a successor must take over its key; else it ends, and Patroni elects as it does without voters.
HANDOVER_TTL = 5


def end_of_prefix(prefix):
    return prefix[:-1] + chr(ord(prefix[-1]) + 1)


class Ballot:
    def __init__(self, store, scope_prefix, votes_prefix, member, interregnum_ttl):
        self.store, self.scope_prefix, self.votes_prefix, self.member = store, scope_prefix, votes_prefix, member
        self.interregnum_ttl = interregnum_ttl
        self.written = {}

    def read(self):
        prefixes = [self.scope_prefix, self.votes_prefix]
        requests = [{"request_range": {"key": encode(p), "range_end": encode(end_of_prefix(p))}} for p in prefixes]
        answer = self.store.read("/v3/kv/txn", {"success": requests})
        scope, ballots = (part["response_range"].get("kvs", []) for part in answer["responses"])
        return view_of(scope, ballots, self.scope_prefix, self.votes_prefix)

    def vote(self, now, against):
        """Casts or renews a vote; True when it is a new one."""
        return self._write("votes", now, {"leader": against.member, "revision": against.revision})

    def pledge(self, now, interregnum, received):
        content = {"interregnum": interregnum, "timeline": received.timeline, "received": received.end}
        return self._write("pledges", now, content)

    def withdraw(self, kind):
        """Takes back this member's vote or pledge, if there may be one."""
        if kind in self.written:
            self.store.write("/v3/kv/deleterange", {"key": self._own_key(kind)})
            del self.written[kind]

    def end_term(self, view, votes):
        """Gives the leader's key to nobody. True if it was this one who did.

        The key "sync" is written with it as it is: a leader that was about to stop waiting for its standbys fails to say so.
        When no voter goes on from here, the key ends with its lease, and Patroni elects as it does without voters.
        """
        conditions = [
            # Patroni renews its key's lease by writing it again, so that only making it begins another term.
            self._when("leader", "CREATE", create_revision=str(view.leader_created)),
            self._when("leader", "VALUE", value=encode(view.leadership.member)),
            *self._as_seen(view),
            *[self._unchanged(f"votes/{v.voter}", v.revision) for v in votes],
        ]
        sync = {"key": self._patroni_key("sync"), "value": encode(view.sync.text)}
        return self._transact(conditions, [self._leader(NOBODY, self.interregnum_ttl), {"request_put": sync}])

    def hand_on(self, view, member, pledges):
        """Gives the leader's key to `member`, whose Patroni finds itself leader and promotes. True if it was this one who did."""
        conditions = [
            self._when("leader", "MOD", mod_revision=str(view.leader_changed)),
            *self._as_seen(view),
            *[self._unchanged(f"pledges/{p.member}", p.revision) for p in pledges],
        ]
        handover = {"key": encode(self.votes_prefix + "handover"), "value": encode(member)}
        return self._transact(conditions, [self._leader(member, HANDOVER_TTL), {"request_put": handover}])

    def clear_bootstrap(self, view):
        """Lets the members race anew for who begins the cluster. True if it was this one who did."""
        conditions = [
            self._when("initialize", "CREATE", create_revision=str(view.bootstrap)),
            self._when("initialize", "VALUE", value=""),
            self._when("leader", "CREATE", create_revision="0"),
        ]
        return self._transact(conditions, [{"request_delete_range": {"key": self._patroni_key("initialize")}}])

    def _leader(self, value, ttl):
        lease = self.store.write("/v3/lease/grant", {"TTL": str(ttl)})["ID"]
        return {"request_put": {"key": self._patroni_key("leader"), "value": encode(value), "lease": lease}}

    def _write(self, kind, now, content):
        """Renewed as long as it is asked for. A value that changes is a new key, so that nobody counts the old one."""
        before, at = self.written.get(kind, (None, 0))
        if before == content and now - at < VOTE_RENEWAL:
            return False
        lease = self.store.write("/v3/lease/grant", {"TTL": str(VOTE_TTL)})["ID"]
        # Noted first: what was sent may arrive although no answer does.
        self.written[kind] = (None, 0)
        self.store.write("/v3/kv/put", {"key": self._own_key(kind), "value": encode(json.dumps(content)), "lease": lease})
        self.written[kind] = (content, now)
        return before != content

    def _transact(self, compare, success):
        return self.store.write("/v3/kv/txn", {"compare": compare, "success": success}).get("succeeded", False)

    def _as_seen(self, view):
        """What was decided on besides the leader's key. A key that is not there has revision 0."""
        seen = {"sync": view.sync.revision, "config": view.config_changed, "failover": view.failover_changed}
        return [
            *[self._when(name, "MOD", mod_revision=str(revision)) for name, revision in seen.items()],
            self._unchanged("handover", view.handed_on),
        ]

    def _when(self, name, target, **value):
        return {"key": self._patroni_key(name), "target": target, **value}

    def _unchanged(self, name, revision):
        return {"key": encode(self.votes_prefix + name), "target": "MOD", "mod_revision": str(revision)}

    def _patroni_key(self, name):
        return encode(self.scope_prefix + name)

    def _own_key(self, kind):
        return encode(f"{self.votes_prefix}{kind}/{self.member}")
