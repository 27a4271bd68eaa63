"""Read EMR on EC2: clusters with their instances, and their steps."""

from datetime import datetime
from functools import partial
from typing import Any

from costlens.ingest.jobs.answers import Answer, month_of
from costlens.ingest.jobs.asking import Asking

_SERVICE = "emr"
_CLUSTERS, _STEPS = "clusters", "steps"
_RUNNING = ["STARTING", "BOOTSTRAPPING", "RUNNING", "WAITING", "TERMINATING"]


def read(asking: Asking) -> None:
    """Read the clusters that were made since the last time, and those that ran then or run now."""
    with asking.table(_CLUSTERS):
        ids = dict.fromkeys(asking.unfinished(_CLUSTERS))
        for wanted in ({"CreatedAfter": asking.after(_CLUSTERS)}, {"ClusterStates": _RUNNING}):
            for one in asking.pages(_SERVICE, "list_clusters", "Clusters", **wanted):
                ids[one["Id"]] = None
        for answers in asking.each(list(ids), partial(_cluster, asking), of=_CLUSTERS):
            for one in answers:
                _keep(asking, one)
        asking.done(_CLUSTERS)


def _cluster(asking: Asking, identity: str) -> Answer:
    """Describe a cluster with its instances, as the AWS CLI does, and list its steps."""
    cluster = asking.ask(_SERVICE, "describe_cluster", ClusterId=identity)["Cluster"]
    fleets = cluster.get("InstanceCollectionType") == "INSTANCE_FLEET"
    listing = "list_instance_fleets" if fleets else "list_instance_groups"
    under = "InstanceFleets" if fleets else "InstanceGroups"
    cluster[under] = asking.all(_SERVICE, listing, under, ClusterId=identity)
    steps = asking.all(_SERVICE, "list_steps", "Steps", ClusterId=identity)
    return {"Cluster": cluster, "ClusterId": identity, "Steps": steps}


def _keep(asking: Asking, found: Answer) -> None:
    """Keep a cluster and its steps, as the two answers they are, in the month it was made."""
    status: dict[str, Any] = found["Cluster"]["Status"]  # any: what JSON holds
    month = month_of(datetime.fromisoformat(status["Timeline"]["CreationDateTime"]))
    steps = {"ClusterId": found["ClusterId"], "Steps": found["Steps"]}
    asking.kept.add(_STEPS, month, lambda one: str(one["ClusterId"]), [steps])
    cluster = {"Cluster": found["Cluster"]}
    asking.kept.add(_CLUSTERS, month, lambda one: str(one["Cluster"]["Id"]), [cluster])
    asking.note(_CLUSTERS, found["ClusterId"], [], ended=status["State"] not in _RUNNING)
