"""Begins a restore drill: finds the newest record that most copies agree on. See docs/catalogue.md for the vote, and scripts/drills/drill.py.

Leaves began.json, record.json, and record.env for shells.
"""

import json
import re
import subprocess
import time

from drill import FOLDER, Failed, check, leave, say, settings, step, utc
from kubernetes_api import Refused, call
from s3 import Bucket, StoreError

IDENTIFIER = re.compile(r"^\d{8}T\d{6}Z-[0-9a-f]{4}$")
NEEDED = {"version", "id", "instant", "postgres", "buckets", "redis", "fingerprints"}


class BucketPlace:
    def __init__(self, name, bucket):
        self.name, self.bucket = name, bucket

    def list(self):
        return [key.removeprefix("records/").removesuffix(".json") for key in self.bucket.keys("records/")]

    def read(self, record):
        return self.bucket.text(f"records/{record}.json")


class ClusterPlace:
    name = "cluster"

    def __init__(self, namespace):
        self.namespace = namespace

    def list(self):
        found = call("GET", "api/v1", "configmaps", namespace=self.namespace, labelSelector="dify-ha/catalogue=record")
        names = [each["metadata"]["name"].removeprefix("backup-record-") for each in found["items"]]
        # Names have no capitals.
        return [re.sub(r"^(\d+)t(\d+)z", r"\1T\2Z", name) for name in names]

    def read(self, record):
        return call("GET", "api/v1", f"configmaps/backup-record-{record.lower()}", namespace=self.namespace)["data"]["record.json"]


def places_of(given):
    """The catalogue's places, as runbooks/catalogue/open.ts has them."""
    sites = {"cluster": "catalogue bucket", "offsite": "off-site bucket"}
    buckets = [(sites[site], Bucket(place, place["catalogue"], f"{site.upper()}_CATALOGUE")) for site, place in given["sites"].items()]
    return [*(BucketPlace(name, bucket) for name, bucket in buckets), ClusterPlace(given["dataNamespace"])]


def asked(place, question):
    """Answer of a place, or None and why there is none."""
    try:
        return question(), None
    except (StoreError, Refused) as error:
        return None, f"the {place.name}: {error}"


def copy_of(place, record):
    """What a place says; None when its copy has no voice, and why."""
    text, problem = asked(place, lambda: place.read(record))
    if problem:
        return None, problem
    try:
        said = json.loads(text)
    except ValueError:
        return None, f"the {place.name} has a copy that is no JSON"
    if not isinstance(said, dict) or said.get("version") != 1 or said.get("id") != record or not NEEDED <= said.keys():
        return None, f"the {place.name} has a damaged copy"
    return said, None


def vote(places, record):
    """What most readable copies say, who says so, and what is wrong with the others. @raises Failed when none can be believed"""
    copies = [(place, *copy_of(place, record)) for place in places]
    problems = [problem for _, _, problem in copies if problem]
    groups = []
    for place, said, _ in copies:
        if said is not None:
            group = next((each for each in groups if each[0] == said), None)
            group[1].append(place.name) if group else groups.append((said, [place.name]))
    groups.sort(key=lambda group: -len(group[1]))
    if not groups or (len(groups) > 1 and len(groups[0][1]) == len(groups[1][1])):
        raise Failed(f"no copy of record {record} can be believed: {'; '.join(problems) or 'they contradict each other'}. Compare them: npm run backups -- show {record}")
    problems += [f"the {', '.join(names)} says something else" for _, names in groups[1:]]
    return *groups[0], problems


def newest(places):
    answers = [asked(place, place.list) for place in places]
    silent = [problem for _, problem in answers if problem]
    known = sorted({each for found, _ in answers for each in found or [] if IDENTIFIER.match(each)})
    if not known:
        raise Failed(f"the catalogue is empty: {'; '.join(silent) or 'no coordinated backup has left a record yet'}. Look at the job coordinated-backup")
    return known[-1]


def work():
    # What a run that was killed has left in a volume that is used again.
    subprocess.run(["find", FOLDER, "-mindepth", "1", "-delete"], check=True)
    leave("began", time.time())
    given = settings()
    say(f"{given['kind']} drill of what lies at site {given['site']}, begun at {utc()}")
    with check("most copies of the catalogue agree") as found:
        places = places_of(given)
        record, names, problems = vote(places, newest(places))
        leave("record", record)
        redis = record["redis"]
        with open(f"{FOLDER}/record.env", "w", encoding="utf-8") as file:
            file.write(f"RUN={record['id']}\nREDIS_OBJECT={redis['object'] if redis else ''}\n")
        say(f"record {record['id']}, instant {record['instant']}")
        if 2 * len(names) <= len(places):
            raise Failed(f"record {record['id']} lies in {len(names)} of {len(places)} places: {'; '.join(problems)}. Write it there again: npm run backups -- show {record['id']} --json")
        found.detail = f"record {record['id']}: {len(names)} of {len(places)} places agree{''.join(f'; {each}' for each in problems)}"


if __name__ == "__main__":
    step(work)
