"""The Job of a claim: run by volumeRules.test.ts."""

import unittest

from snapshot_retention import Snapshot
from volume_copy_job import Impossible, copy_job, owner, room

SNAPSHOT = Snapshot("data-redis-0-now", "data-redis-0", "run", 1_800_000_000, 1_800_000_000, True, "")
TEMPLATE = {
    "metadata": {"labels": {"app.kubernetes.io/name": "volume-copy"}},
    "spec": {
        "template": {
            "spec": {
                "securityContext": {"runAsNonRoot": True, "runAsUser": 1000, "runAsGroup": 1000, "fsGroup": 1000},
                "containers": [{"name": "restic", "env": [{"name": "CLAIM", "value": ""}, {"name": "KEEP_DAYS", "value": "35"}]}],
                "volumes": [{"name": "scripts"}, {"name": "volume", "emptyDir": {}}],
            }
        }
    },
}


def claim(name="data-redis-0", annotations=None, **spec):
    return {
        "metadata": {"name": name, "annotations": annotations or {}},
        "spec": {"storageClassName": "fast", "volumeMode": "Filesystem", "resources": {"requests": {"storage": "1Gi"}}, **spec},
        "status": {"phase": "Bound", "capacity": {"storage": "2Gi"}},
    }


def stateful_set(name, user, tolerations=()):
    pod = {"securityContext": {"runAsUser": user, "runAsGroup": user, "fsGroup": user}, "tolerations": list(tolerations)}
    return {"metadata": {"name": name}, "spec": {"volumeClaimTemplates": [{"metadata": {"name": "data"}}], "template": {"spec": pod}}}


class Owner(unittest.TestCase):
    def test_is_the_user_of_the_stateful_set_that_made_the_claim(self):
        sets = [stateful_set("redis", 999), stateful_set("redis-spare", 7, ["any"])]
        self.assertEqual(owner(claim(), sets), (999, 999, []))
        self.assertEqual(owner(claim("data-redis-spare-11"), sets), (7, 7, ["any"]))

    def test_is_whom_the_claim_names_before_all(self):
        named = {"dify-ha/user": "1234"}
        self.assertEqual(owner(claim(annotations=named), [stateful_set("redis", 999, ["any"])]), (1234, 1234, ["any"]))
        self.assertEqual(owner(claim("files", named), [])[0], 1234)

    def test_is_never_root_nor_guessed(self):
        for name, sets in (("data-redis-0", [stateful_set("redis", 0)]), ("files", []), ("data-redis-x", [stateful_set("redis", 999)])):
            with self.assertRaisesRegex(Impossible, f"kubectl annotate pvc {name} dify-ha/user=UID"):
                owner(claim(name), sets)
        with self.assertRaises(Impossible):
            owner(claim(annotations={"dify-ha/user": "redis"}), [stateful_set("redis", 999)])


class Room(unittest.TestCase):
    def test_is_what_the_driver_has_given(self):
        self.assertEqual(room(claim())["resources"], {"requests": {"storage": "2Gi"}})

    def test_is_for_files_and_made_by_a_class(self):
        with self.assertRaisesRegex(Impossible, "without files"):
            room(claim(volumeMode="Block"))
        with self.assertRaisesRegex(Impossible, "no storage class"):
            room(claim(storageClassName=""))


class CopyJob(unittest.TestCase):
    def job(self, on_node=False):
        return copy_job(
            TEMPLATE, "redis-copy", "run", 60.9, claim(annotations={"volume.kubernetes.io/selected-node": "n1"}), SNAPSHOT, [stateful_set("redis", 999)], on_node
        )

    def test_reads_the_volume_as_its_owner_and_changes_none(self):
        pod = self.job()["spec"]["template"]["spec"]
        self.assertEqual(pod["securityContext"], {"runAsNonRoot": True, "runAsUser": 999, "runAsGroup": 999})
        self.assertEqual([v["name"] for v in pod["volumes"]], ["scripts", "volume"])
        made = pod["volumes"][1]["ephemeral"]["volumeClaimTemplate"]
        self.assertEqual(made["spec"]["dataSource"]["name"], SNAPSHOT.name)
        self.assertNotIn("app.kubernetes.io/part-of", made["metadata"]["labels"])

    def test_is_told_of_what_and_when_the_copy_is(self):
        env = {e["name"]: e["value"] for e in self.job()["spec"]["template"]["spec"]["containers"][0]["env"]}
        self.assertEqual(env, {"KEEP_DAYS": "35", "CLAIM": "data-redis-0", "SNAPSHOT": SNAPSHOT.name, "TAKEN": "2027-01-15 08:00:00"})

    def test_ends_with_the_run_and_leaves_the_template_alone(self):
        self.assertEqual(self.job()["spec"]["activeDeadlineSeconds"], 60)
        self.assertNotIn("activeDeadlineSeconds", TEMPLATE["spec"])
        self.assertIn("fsGroup", TEMPLATE["spec"]["template"]["spec"]["securityContext"])

    def test_goes_to_the_node_of_the_volume_where_it_must(self):
        self.assertNotIn("affinity", self.job()["spec"]["template"]["spec"])
        self.assertIn("n1", str(self.job(on_node=True)["spec"]["template"]["spec"]["affinity"]))


if __name__ == "__main__":
    unittest.main()
