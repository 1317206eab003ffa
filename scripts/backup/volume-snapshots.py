"""Makes a snapshot of each volume, waits until it can be used, and lets old ones go: B8. Called by CronJob volume-snapshots.

A snapshot that is not ready, or that the driver calls failed, is never good: it counts for nothing, and goes when no run can be waiting for it any more.
Good ones of a claim go only in a run that has made another. What a run leaves when it is killed, the next attempt or the next run takes up.

Environment: that of volume_run; CLASS: VolumeSnapshotClass; KEEP_DAYS, KEEP: how long, and how many at the most.
"""

import os
import sys
import time

from kubernetes_api import Refused, call
from snapshot_retention import RUN, Snapshot, expired, leftovers
from volume_run import VolumeRun
from volumes import GROUP, OURS, claims, snapshots

# Drivers try again: an error counts when it stands for so long. In seconds.
PATIENCE = 60


class Run(VolumeRun):
    title = "volume-snapshots"
    stopped = "Snapshots that were begun go on; nothing half made counts as good, and the next run cleans up"

    def __init__(self, env):
        super().__init__(env)
        self.volume_class, self.keep_days, self.keep = env["CLASS"], int(env["KEEP_DAYS"]), int(env["KEEP"])
        self.patience = int(env.get("PATIENCE", PATIENCE))

    def make(self, claim, labels):
        """Name of a snapshot that has been asked for; nothing when it was refused."""
        name = f"{claim}-{time.strftime('%Y%m%dt%H%M%Sz', time.gmtime())}"
        if self.dry:
            self.say(f"would make {name}")
            return name
        body = {
            "apiVersion": "snapshot.storage.k8s.io/v1",
            "kind": "VolumeSnapshot",
            "metadata": {"name": name, "labels": {**labels, **OURS, RUN: self.name}},
            "spec": {"volumeSnapshotClassName": self.volume_class, "source": {"persistentVolumeClaimName": claim}},
        }
        try:
            call("POST", GROUP, "volumesnapshots", body)
        except Refused as error:
            self.fail(f"no snapshot of {claim}: {error}")
            return None
        self.say(f"making {name}")
        return name

    def begun(self, existing, now):
        """What an attempt before this one has asked for, and may still come to something."""
        same = [s for s in existing if s.run == self.name and s.made > now - self.deadline and not s.error]
        return max(same, key=lambda s: s.made).name if same else None

    def wait(self, names):
        """Claims whose snapshot has become good. @param names Name of a snapshot by claim"""
        good, errors, waiting = set(), {}, dict(names)
        while waiting:
            found = {s.name: s for group in snapshots().values() for s in group}
            for claim, name in list(waiting.items()):
                snapshot = found.get(name)
                error = snapshot.error if snapshot else "somebody has deleted it"
                since = errors.setdefault(name, time.monotonic()) if error else errors.pop(name, None)
                if snapshot and snapshot.good:
                    good.add(claim)
                    self.say(f"{name} is ready")
                elif error and (not snapshot or time.monotonic() >= since + self.patience):
                    self.fail(f"{name} has failed: {error}. It is no backup; see: kubectl describe volumesnapshot {name}")
                elif time.monotonic() > self.end:
                    self.fail(
                        f"{name} is not ready in time{f': {error}' if error else ''}. Is there a snapshot controller, and the driver of its class? "
                        f"See: kubectl describe volumesnapshot {name}"
                    )
                else:
                    continue
                del waiting[claim]
            if waiting:
                time.sleep(2)
        return good

    def remove(self, snapshot, why):
        if self.dry:
            self.say(f"would remove {snapshot.name}: {why}")
            return
        try:
            call("DELETE", GROUP, f"volumesnapshots/{snapshot.name}")
            self.say(f"removed {snapshot.name}: {why}")
        except Refused as error:
            self.fail(f"{snapshot.name} could not be removed, the next run tries again: {error}")

    def clean(self, existing_by_claim, renewed):
        """@param renewed Claims that have a new good snapshot"""
        now = time.time()
        for claim, existing in sorted(existing_by_claim.items()):
            for snapshot in leftovers(existing, now, self.deadline):
                self.remove(snapshot, snapshot.error or "it never became ready")
            if claim in renewed:
                for snapshot in expired(existing, now, self.keep_days, self.keep):
                    self.remove(snapshot, f"older than {self.keep_days} days, or more than {self.keep}")

    def all(self, selector):
        bound, empty = claims(selector)
        for claim in empty:
            self.say(f"{claim} has no volume yet")
        targets = {item["metadata"]["name"]: item["metadata"].get("labels", {}) for item in bound}
        if not targets:
            self.fail(f"no claim with a volume has the labels {selector}: see backup.snapshots.selector")
        before, now = snapshots(), time.time()
        names = {}
        for claim, labels in sorted(targets.items()):
            if name := self.begun(before.get(claim, []), now) or self.make(claim, labels):
                names[claim] = name
        if self.dry:
            for claim, name in names.items():
                before.setdefault(claim, []).append(Snapshot(name, claim, self.name, now, now, True, ""))
            self.clean(before, set(names))
        else:
            good = self.wait(names)
            self.clean(snapshots(), good)


if __name__ == "__main__":
    sys.exit(Run(os.environ).main())
