"""The Job that carries one volume to the second site: its template with a volume made from a snapshot, and with the user whose files lie there. Pure, for volume-copies.py."""

import copy
import re
import time

from snapshot_retention import RUN

# Ours, and what their pods make; without the labels of the stack, or there would be snapshots of copies.
OURS = {"dify-ha/copy": "volume"}
# On a claim: as which user its files can be read.
USER = "dify-ha/user"
# On a claim whose volume waited for its first pod: where that pod was. Set by the scheduler.
NODE = "volume.kubernetes.io/selected-node"
# In the template: what is mounted in the container.
VOLUME = "volume"


class Impossible(Exception):
    """Says why a claim cannot be copied, and what to do."""


def owner(claim, stateful_sets):
    """(user, group, tolerations) of whoever's files lie in a claim: what the claim says, or the StatefulSet that it belongs to. @raises Impossible"""
    name, said = claim["metadata"]["name"], claim["metadata"].get("annotations", {}).get(USER, "")
    pod = next((s["spec"]["template"]["spec"] for s in stateful_sets if belongs(name, s)), {})
    security = pod.get("securityContext", {})
    user = security.get("runAsUser", 0) if not said else int(said) if said.isdigit() else 0
    if user == 0:
        raise Impossible(
            f"nobody says by a number whose its files are, or they are root's, as whom no pod runs here. Say it by 'kubectl annotate pvc {name} {USER}=UID', "
            "or leave the claim out by backup.snapshots.selector"
        )
    return user, user if said else security.get("fsGroup", user), pod.get("tolerations", [])


def belongs(name, stateful_set):
    templates = stateful_set["spec"].get("volumeClaimTemplates", [])
    prefixes = (f"{t['metadata']['name']}-{stateful_set['metadata']['name']}-" for t in templates)
    return any(re.fullmatch(re.escape(prefix) + r"\d+", name) for prefix in prefixes)


def room(claim):
    """What a volume from a snapshot of the claim is asked for by. @raises Impossible"""
    spec = claim["spec"]
    if spec.get("volumeMode") == "Block":
        raise Impossible("it is a device without files (volumeMode: Block), which nothing here copies. Leave the claim out by backup.snapshots.selector")
    if not spec.get("storageClassName"):
        raise Impossible("it has no storage class, so nobody would make a volume from its snapshot")
    # What the driver has given, which may be more than was asked for: it makes none that is smaller than the snapshot.
    storage = claim["status"].get("capacity", spec["resources"]["requests"])["storage"]
    return {"accessModes": ["ReadWriteOnce"], "storageClassName": spec["storageClassName"], "resources": {"requests": {"storage": storage}}}


def environment(body, values):
    """Sets variables of the Job's containers."""
    for container in body["spec"]["template"]["spec"]["containers"]:
        kept = [variable for variable in container.get("env", []) if variable["name"] not in values]
        container["env"] = kept + [{"name": name, "value": value} for name, value in values.items()]


def job(template, name, run, seconds):
    """A Job of the template that has failed after so many seconds."""
    labels = template.get("metadata", {}).get("labels", {})
    body = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "labels": {**labels, **OURS, RUN: run}},
        "spec": copy.deepcopy(template["spec"]),
    }
    body["spec"]["activeDeadlineSeconds"] = max(1, int(seconds))
    return body


def copy_job(template, name, run, seconds, claim, snapshot, stateful_sets, on_node):
    """The Job of a claim. @param on_node Only where the claim's volume is can one be made from its snapshot. @raises Impossible"""
    user, group, tolerations = owner(claim, stateful_sets)
    body = job(template, name, run, seconds)
    pod = body["spec"]["template"]["spec"]
    # Without fsGroup nobody changes the owners of files, which are copied, too.
    security = {key: value for key, value in pod["securityContext"].items() if key != "fsGroup"}
    pod["securityContext"] = {**security, "runAsUser": user, "runAsGroup": group}
    source = {"apiGroup": "snapshot.storage.k8s.io", "kind": "VolumeSnapshot", "name": snapshot.name}
    # It goes with the pod, whoever is killed.
    made = {"metadata": {"labels": {**OURS, RUN: run}}, "spec": {**room(claim), "dataSource": source}}
    others = [volume for volume in pod["volumes"] if volume["name"] != VOLUME]
    pod["volumes"] = [*others, {"name": VOLUME, "ephemeral": {"volumeClaimTemplate": made}}]
    pod["tolerations"] = tolerations
    node = claim["metadata"].get("annotations", {}).get(NODE)
    if on_node and node:
        term = {"matchFields": [{"key": "metadata.name", "operator": "In", "values": [node]}]}
        pod["affinity"] = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}}}
    taken = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(snapshot.taken))
    environment(body, {"CLAIM": claim["metadata"]["name"], "SNAPSHOT": snapshot.name, "TAKEN": taken})
    return body
