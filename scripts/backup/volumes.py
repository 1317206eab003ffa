"""Claims with their volumes and our snapshots of them, as the API server has them: B8."""

from kubernetes_api import call
from snapshot_retention import read

GROUP = "apis/snapshot.storage.k8s.io/v1"
# Those of people, who make their own, are left alone.
OURS = {"dify-ha/snapshot": "scheduled"}


def labelled(labels):
    """Labels as a selector."""
    return ",".join(f"{key}={value}" for key, value in labels.items())


def claims(selector):
    """Claims that have a volume, and the names of those that have none yet."""
    items = call("GET", "api/v1", "persistentvolumeclaims", labelSelector=selector)["items"]
    bound = [item for item in items if item["status"].get("phase") == "Bound"]
    return bound, [item["metadata"]["name"] for item in items if item not in bound]


def snapshots():
    """Ours, a list by claim."""
    found = {}
    for item in call("GET", GROUP, "volumesnapshots", labelSelector=labelled(OURS))["items"]:
        if snapshot := read(item):
            found.setdefault(snapshot.claim, []).append(snapshot)
    return found
