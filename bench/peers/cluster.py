# SPDX-License-Identifier: MIT
"""cluster.py - what the look-ups of examples/cluster.c find, for the Python peers."""
import json


def places():
    return [(cluster, kind, number) for cluster in range(1, 5) for kind in ("nodes", "switches")
            for number in range(1, 5)]


def envelope(found):
    data = [{"cluster_id": i, "nodes": [], "switches": []} for i in range(1, 5)]
    for (cluster, kind, _), number in zip(places(), found):
        key = "node_id" if kind == "nodes" else "switch_id"
        data[cluster - 1][kind].append({key: number})
    return json.dumps({"error_code": 0, "message": "", "data": data}).encode()
