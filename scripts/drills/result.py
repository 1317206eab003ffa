"""Ends a restore drill: puts together what its steps have found, archives it beside the catalogue and shows it in the cluster. See scripts/drills/drill.py.

The form of the result is that of runbooks/drills/result.ts. Exit code 1 when the drill has failed. Environment: CLUSTER_CATALOGUE_ACCESS_KEY,
CLUSTER_CATALOGUE_SECRET_KEY; that of scripts/metrics/push.sh.
"""

import json
import os
import subprocess
import sys
import time

from drill import CHECKS, left, say, settings, step, utc
from kubernetes_api import Refused, call
from s3 import Bucket, StoreError

CATALOGUE = "most copies of the catalogue agree"
REDIS = ["the snapshot of Redis is whole", "Redis loads its snapshot"]
EVERY = [
    CATALOGUE,
    "the repository is whole",
    "the archive has what was written last",
    "Postgres is restored to the instant",
    "tables have their rows",
    "indexes agree with their tables",
    "pages have their checksums",
    "objects are what they were",
    "locks hold",
]
KEYS = [
    "migrations are where they were",
    "credentials are read with the tenants' keys",
    "SECRET_KEY is the one that was in use",
]


def expected(kind, record):
    """Names of all checks that a drill must have passed."""
    return [*EVERY, *(REDIS if record and record["redis"] else []), *(KEYS if kind == "full" else [])]


def checks():
    """What the steps have found, in their order."""
    if not os.path.exists(CHECKS):
        return []
    with open(CHECKS, encoding="utf-8") as file:
        lines = [line.rstrip("\n").split("\t", 3) for line in file]
    return [{"name": name, "passed": passed == "passed", "detail": detail, "seconds": float(seconds)} for name, passed, seconds, detail in lines]


def compose(given):
    began, record, found = left("began") or time.time(), left("record"), checks()
    passed = {each["name"] for each in found if each["passed"]}
    return {
        "version": 1,
        "kind": given["kind"],
        "id": time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(began)),
        "site": given["site"],
        "started": utc(began),
        "ended": utc(),
        "record": record["id"] if record else None,
        "rtoSeconds": left("rto"),
        "rpoSeconds": left("rpo"),
        "passed": all(each["passed"] for each in found) and set(expected(given["kind"], record)) <= passed,
        "checks": found,
    }


def archive(given, result, text):
    """Beside the catalogue, under its lock. @raises StoreError"""
    place = given["sites"]["cluster"]
    bucket = Bucket(place, place["catalogue"], "CLUSTER_CATALOGUE")
    bucket.put(f"drills/{result['kind']}/{result['id']}.json", text.encode(), {"Content-Type": "application/json"})


def show(given, result, text):
    """@raises Refused"""
    # The newest result only; it may do nothing else with it, and nothing at all with other ConfigMaps.
    call("PATCH", "api/v1", f"configmaps/drill-{result['kind']}", {"data": {"result.json": text}}, namespace=given["dataNamespace"])


def metrics(result):
    """As Prometheus reads them: docs/metrics.md."""
    labels = f'kind="{result["kind"]}",site="{result["site"]}"'
    figures = {
        "passed": int(result["passed"]),
        "checks_failed": len(result["checks"]) - sum(each["passed"] for each in result["checks"]),
        "end_timestamp_seconds": int(time.time()),
        "rto_seconds": result["rtoSeconds"],
        "rpo_seconds": result["rpoSeconds"],
    }
    own = [f"dify_drill_{name}{{{labels}}} {value}" for name, value in figures.items() if value is not None]
    return own + [f'dify_drill_check_passed{{{labels},check="{each["name"]}"}} {int(each["passed"])}' for each in result["checks"]]


def push(lines):
    """To the Pushgateway. A drill is none the worse for figures that were not told."""
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "push.sh")
    subprocess.run(["sh", script, "drill"], input="\n".join(lines), text=True, check=False)


def work():
    given = settings()
    result = compose(given)
    text = json.dumps(result, indent=2) + "\n"
    told = metrics(result)
    print("\n".join(told))
    push(told)
    unheard = 0
    for place, tell in (("the archive of results", archive), ("the cluster", show)):
        try:
            tell(given, result, text)
        except (StoreError, Refused, OSError) as error:
            unheard += 1
            print(f"drill: {place} does not have the result: {error}", file=sys.stderr)
    missing = [name for name in expected(given["kind"], left("record")) if name not in {each["name"] for each in result["checks"]}]
    for name in missing:
        say(f"not reached: {name}")
    say(f"{'passed' if result['passed'] else 'FAILED'}: {json.dumps(result)}")
    return 0 if result["passed"] and not unheard else 1


if __name__ == "__main__":
    step(work)
