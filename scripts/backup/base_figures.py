"""Figures of the newest base backup in a repository, as Prometheus reads them, out of pgBackRest's info in JSON: docs/metrics.md.

Arguments: number of the repository; full or incr. Standard input: the output of `pgbackrest --output=json info`.
"""

import json
import sys


def figures(info, repository, kind):
    newest = [each for each in info["backup"] if each["database"]["repo-key"] == repository][-1]
    site = "cluster" if repository == 1 else "offsite"
    labels = f'{{site="{site}",kind="{"full" if kind == "full" else "incremental"}"}}'
    size, copied, stored = newest["info"]["size"], newest["info"]["delta"], newest["info"]["repository"]["delta"]
    yield f"dify_backup_bytes{labels} {size}"
    yield f"dify_backup_changed_bytes{labels} {copied}"
    yield f"dify_backup_stored_bytes{labels} {stored}"
    if copied:
        yield f"dify_backup_compressed_ratio{labels} {stored / copied:.3f}"


if __name__ == "__main__":
    for line in figures(json.load(sys.stdin)[0], int(sys.argv[1]), sys.argv[2]):
        print(line)
