"""Writes the record of a coordinated backup, and leaves a copy in the cluster: B13. Called by CronJob coordinated-backup.

Environment: FOLDER, where the steps before have left instant.json, objects.tsv and, of Redis, stored.tsv; FACTS: file of what does not change from
one run to the next; and that of scripts/metrics/push.sh. Leaves records/ID.json in that folder, for scripts/backup/deposit.sh.
"""

import json
import os
import subprocess
import sys
import time

from kubernetes_api import Refused, call

LABELS = {"dify-ha/catalogue": "record"}


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def rows(path):
    return [line.split("\t") for line in read(path).splitlines()]


def compose(folder, facts):
    """The record, as runbooks/catalogue/record.ts describes it."""
    instant = json.loads(read(f"{folder}/instant.json"))
    stored = f"{folder}/stored.tsv"
    redis = next((row for row in rows(stored) if row[0].endswith("/dump.rdb.bin")), None) if os.path.exists(stored) else None
    return {
        "version": 1,
        "id": instant["id"],
        "stack": facts["stack"],
        "instant": instant["instant"],
        "completed": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "pause": instant["pause"],
        "difyVersion": facts["difyVersion"],
        "postgres": instant["postgres"],
        "buckets": [
            {"bucket": bucket, "count": int(count), "bytes": int(size), "checksum": checksum, "manifest": manifest}
            for bucket, count, size, checksum, manifest in rows(f"{folder}/objects.tsv")
        ],
        "redis": {"object": redis[0], "bytes": int(redis[1]), "checksum": redis[2]} if redis else None,
        "rows": instant["rows"],
        "fingerprints": facts["fingerprints"],
    }


def keep_in_cluster(name, text):
    """Makes a ConfigMap: the account may add records, and neither change nor remove one. @raises Refused"""
    body = {"metadata": {"name": f"backup-record-{name.lower()}", "labels": LABELS}, "data": {"record.json": text}}
    call("POST", "api/v1", "configmaps", body)


def figures(record):
    """As Prometheus reads them: docs/metrics.md."""
    yield f"dify_coordinated_pause_seconds {record['pause']}"
    for database, tables in record["rows"].items():
        for table, count in tables.items():
            name = table.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
            yield f'dify_backup_rows{{database="{database}",table="{name}"}} {count}'


def main():
    folder = os.environ["FOLDER"]
    record = compose(folder, json.loads(read(os.environ["FACTS"])))
    text = json.dumps(record, indent=2) + "\n"
    os.makedirs(f"{folder}/records", exist_ok=True)
    with open(f"{folder}/records/{record['id']}.json", "w", encoding="utf-8") as file:
        file.write(text)
    push = ["sh", os.path.join(os.path.dirname(os.path.abspath(__file__)), "push.sh"), "coordinated"]
    subprocess.run(push, input="\n".join(figures(record)), text=True, check=False)
    try:
        keep_in_cluster(record["id"], text)
    except Refused as error:
        print(f"record: the cluster does not have record {record['id']}: {error}", file=sys.stderr)
        return 1
    print(f"record: {record['id']} is in the cluster")
    return 0


if __name__ == "__main__":
    sys.exit(main())
