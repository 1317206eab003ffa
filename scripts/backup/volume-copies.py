"""Carries the newest good snapshot of each volume to the second site, one after the other, and then looks after what lies there: B8. Called by CronJob
volume-copies.

Each is a Job of the template volume-copy. A claim whose copy fails does not keep the others from theirs. What a run leaves when it is killed, a Job at most,
the next one removes; the volume goes with the Job's pod.

Environment: that of volume_run; TEMPLATE: CronJob; ON_NODE: not empty where a volume from a snapshot can only be where the original is; START: seconds in which
a pod must have its volume and run.
"""

import os
import sys
import time

from kubernetes_api import Absent, Refused, call
from snapshot_retention import RUN, newest
from volume_copy_job import OURS, Impossible, copy_job, job
from volume_run import VolumeRun
from volumes import claims, labelled, snapshots

BATCH, APPS = "apis/batch/v1", "apis/apps/v1"
# For so long the API server may be away while a copy goes on. In seconds.
PATIENCE = 300


class Failed(Exception):
    pass


def ended(item):
    """How a Job has ended: "Complete" or "Failed", and why; nothing while it has not."""
    conditions = item.get("status", {}).get("conditions", [])
    return next(((c["type"], c.get("message", "")) for c in conditions if c["type"] in ("Complete", "Failed") and c["status"] == "True"), None)


def moment(taken):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(taken))


class Run(VolumeRun):
    title = "volume-copies"
    stopped = "Copies that were finished are whole; the next run makes the others"

    def __init__(self, env):
        super().__init__(env)
        self.template, self.on_node, self.start = env["TEMPLATE"], bool(env.get("ON_NODE")), int(env["START"])

    def clean(self):
        """Removes the Jobs of runs that are over, and of attempts of this one."""
        items = call("GET", BATCH, "jobs")["items"]
        at_work = {i["metadata"]["name"] for i in items if not ended(i)} - {self.name}
        for item in items:
            labels = item["metadata"].get("labels", {})
            if OURS.items() <= labels.items() and labels.get(RUN) not in at_work:
                self.remove(item["metadata"]["name"], f", which {labels.get(RUN)} has left")

    def remove(self, name, why=""):
        if self.dry:
            self.say(f"would remove job {name}{why}")
            return
        try:
            call("DELETE", BATCH, f"jobs/{name}", propagationPolicy="Background")
            if why:
                self.say(f"removed job {name}{why}")
        except Absent:
            pass
        except Refused as error:
            self.fail(f"job {name} could not be removed, the next run tries again: {error}")

    def printed(self, name):
        """The last that the pod of a failed Job has printed."""
        pods = call("GET", "api/v1", "pods", labelSelector=f"batch.kubernetes.io/job-name={name}")["items"]
        statuses = [status for pod in pods for status in pod.get("status", {}).get("containerStatuses", [])]
        return "\n".join(s["state"]["terminated"].get("message", "") for s in statuses if "terminated" in s.get("state", {})).strip()

    def asked(self, name):
        """The Job as it is. An API server that is away for a while is no reason to give a copy up. @raises Failed"""
        patience = time.monotonic() + PATIENCE
        while True:
            try:
                items = call("GET", BATCH, "jobs", labelSelector=labelled({**OURS, RUN: self.name}))["items"]
                break
            except Refused as error:
                if time.monotonic() > patience:
                    raise Failed(str(error)) from None
                time.sleep(2)
        found = [item for item in items if item["metadata"]["name"] == name]
        if not found:
            raise Failed(f"somebody has deleted job {name}")
        return found[0]

    def wait(self, name):
        """@raises Failed"""
        start = time.monotonic() + self.start
        runs = False
        while True:
            item = self.asked(name)
            if end := ended(item):
                break
            runs = runs or item.get("status", {}).get("ready", 0) > 0
            if not runs and time.monotonic() > start:
                raise Failed(
                    f"its pod has not run within {self.start} s: could the driver make a volume from the snapshot, and mount it? What it said for an hour: "
                    f"kubectl get events --sort-by=.lastTimestamp | grep {name}"
                )
            time.sleep(1)
        kind, why = end
        if kind == "Failed":
            lines = self.printed(name).splitlines()
            for line in lines[:-1]:
                self.complain(f"  {line}")
            raise Failed(lines[-1] if lines else why)

    def work(self, body):
        """Runs a Job to its end, and removes it, whatever happens. @raises Failed, Refused"""
        name = body["metadata"]["name"]
        try:
            call("POST", BATCH, "jobs", body)
            self.wait(name)
        finally:
            self.remove(name)

    def job_name(self, what):
        # Its pods, and their claims, have longer names.
        return f"{what.replace('.', '-')[:40].rstrip('-')}-copy-{time.strftime('%Y%m%d%H%M%S', time.gmtime())}"

    def copy(self, template, claim, existing, stateful_sets):
        name, snapshot = claim["metadata"]["name"], newest(existing)
        if not snapshot:
            self.fail(f"{name} was not copied: there is no good snapshot of it. Does CronJob volume-snapshots run? See: kubectl get volumesnapshots")
            return
        seconds = self.end - time.monotonic()
        if seconds <= 0:
            self.fail(f"{name} was not copied: no time was left for it. Raise backup.snapshots.copies.deadline; what has arrived is not sent again")
            return
        try:
            body = copy_job(template, self.job_name(name), self.name, seconds, claim, snapshot, stateful_sets, self.on_node)
            if self.dry:
                self.say(f"would copy {name} as of {moment(snapshot.taken)} ({snapshot.name})")
                return
            self.say(f"copying {name} as of {moment(snapshot.taken)} ({snapshot.name})")
            self.work(body)
            self.say(f"{name} is at the second site")
        except (Failed, Impossible, Refused) as error:
            self.fail(f"{name} was not copied: {error}")

    def keep(self, template):
        """Lets old copies go, and reads a share of the others through."""
        if self.dry:
            self.say("would let go of copies that are too old, and read a share of the others through")
            return
        try:
            self.work(job(template, self.job_name("volumes"), self.name, self.end - time.monotonic()))
            self.say("volumes off site were checked")
        except (Failed, Refused) as error:
            self.fail(f"volumes off site were not checked: {error}")

    def all(self, selector):
        self.clean()
        found, empty = claims(selector)
        for claim in empty:
            self.say(f"{claim} has no volume yet")
        if not found:
            self.fail(f"no claim with a volume has the labels {selector}: see backup.snapshots.selector")
        template = call("GET", BATCH, f"cronjobs/{self.template}")["spec"]["jobTemplate"]
        stateful_sets, existing = call("GET", APPS, "statefulsets")["items"], snapshots()
        for claim in sorted(found, key=lambda item: item["metadata"]["name"]):
            self.copy(template, claim, existing.get(claim["metadata"]["name"], []), stateful_sets)
        self.keep(template)


if __name__ == "__main__":
    sys.exit(Run(os.environ).main())
