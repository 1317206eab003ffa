"""Writes where the kubelets are for the Prometheus beside it, which finds all else in the DNS: nodes have no names there. Runs beside each Prometheus.

While the API server does not answer, the last addresses stay.

Environment: TARGETS: file to write, in the form of Prometheus' file_sd_configs; EVERY: seconds between two looks.
"""

import json
import os
import sys
import time

from kubernetes_api import CLUSTER, Refused, call

PORT = 10250


def target(node):
    """A group of one target; none for a node without an address."""
    status = node.get("status", {})
    addresses = [each["address"] for each in status.get("addresses", []) if each["type"] == "InternalIP"]
    if not addresses:
        return []
    port = status.get("daemonEndpoints", {}).get("kubeletEndpoint", {}).get("Port") or PORT
    host = f"[{addresses[0]}]" if ":" in addresses[0] else addresses[0]
    return [{"targets": [f"{host}:{port}"], "labels": {"node": node["metadata"]["name"]}}]


def look(file):
    nodes = call("GET", "api/v1", "nodes", namespace=CLUSTER)["items"]
    text = json.dumps([group for node in nodes for group in target(node)])
    # Prometheus reads it at any moment.
    with open(f"{file}.new", "w", encoding="utf-8") as unfinished:
        unfinished.write(text)
    os.rename(f"{file}.new", file)
    return len(nodes)


def main():
    file, every = os.environ["TARGETS"], float(os.environ["EVERY"])
    known = None
    while True:
        try:
            found = look(file)
            if found != known:
                print(f"kubelets: {found} nodes", flush=True)
            known = found
        except (Refused, OSError) as error:
            print(f"kubelets: {error}", file=sys.stderr, flush=True)
        time.sleep(every)


if __name__ == "__main__":
    main()
