"""What must hold whenever voters end a term, seen from outside."""

import json

from voter_view import NOBODY

PATIENCE, PATIENCE_WITH_REFUSAL = 2, 1


class Violation(AssertionError):
    pass


class Watch:
    """Notes who could reach the leader, and looks at each transaction. Part of a World."""

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
        known = self.reached.get("leader") == name
        if not most and (not known or self.reached["since"] is not None):
            self.reached = {"leader": name, "since": None, "missing": self.now}
        elif most and not known:
            self.reached = {"leader": name, "since": self.now}
        elif most and self.reached["since"] is None:
            self.reached.update({"since": self.now, "missed": self.now - self.reached["missing"]})
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
        if was not in {sync["leader"], *sync["sync_standby"].split(",")} or not sync["sync_standby"]:
            raise Violation("ended the term of a leader that may acknowledge commits alone")
        if was == self.resigning:
            return
        # A vote is renewed every second and counts for three; what is asked of a slow etcd may come two seconds late.
        since = self.reached.get("since")
        if since is not None and self.now - since > 3 + 1 + 2 + 1:
            raise Violation(f"ended the term of {was}, which most have been able to reach for {self.now - since:.1f} s")
        all_reached = self.reached.get("by all")
        patience = PATIENCE_WITH_REFUSAL if self.refuses else PATIENCE
        # Votes of just before, when most missed it for long enough, still count.
        rightly = self.reached.get("missed", 0) > patience - 0.2
        if all_reached is not None and self.now - all_reached < patience - 0.2 and not rightly:
            raise Violation(f"ended the term of {was} too soon: all reached it {self.now - all_reached:.1f} s ago")
