import { erasureLayout, zoneLossProblems, type ErasureLayout } from "../../components/objectStore/layout.ts";
import type { MinioSettings, ObjectStoreSettings } from "../objectStore.ts";
import { rule, type Problem } from "../rules.ts";
import { differentBuckets, recordsOutliveBackups } from "./buckets.ts";

const remedy = (zones: number) =>
  `give ${2 * zones} servers with 2 drives each (two servers a zone: 4 of 12 drives may be lost), or ${zones} servers with 2 drives`;

/** H9: a zone's loss stops neither reads nor writes. */
function zoneLoss(zones: number, { servers, drives, parity }: MinioSettings): Problem[] {
  const layout = erasureLayout({ servers, drives, zones, parity });
  if (!layout)
    return [
      {
        path: "objectStore.servers",
        problem: `${servers} servers with ${drives} drives have no erasure set: no number from 2 to 16 divides ${servers * drives} drives evenly over the servers`,
        remedy: remedy(zones),
      },
    ];
  return [
    ...parityProblems(layout),
    ...zoneLossProblems(layout).map((problem) => ({
      path: "objectStore.servers",
      problem: `with ${servers} servers of ${drives} drives in ${zones} zones, ${problem}`,
      remedy: remedy(zones),
    })),
  ];
}

function parityProblems({ parity, setSize }: ErasureLayout): Problem[] {
  return parity <= setSize / 2
    ? []
    : [
        {
          path: "objectStore.parity",
          problem: `${parity} is more than half of the ${setSize} drives of an erasure set`,
          remedy: `give at most ${Math.floor(setSize / 2)}`,
        },
      ];
}

function namesOf(settings: ObjectStoreSettings): string[] {
  return settings.backend === "minio"
    ? Object.values(settings.buckets)
    : [settings.dify, settings.plugins, settings.backups, settings.catalogue].map(({ bucket }) => bucket);
}

/** Checks on the object store. */
export const objectStoreRules = [
  rule("the loss of a zone stops neither reads nor writes of objects", ["cluster", "objectStore"], (settings) =>
    settings.objectStore.backend === "minio" ? zoneLoss(settings.cluster.zones.length, settings.objectStore) : [],
  ),
  rule("buckets are different", ["objectStore"], ({ objectStore }) =>
    differentBuckets(objectStore.backend === "minio" ? "objectStore.buckets" : "objectStore", namesOf(objectStore)),
  ),
  rule("records outlive the backups that they tell of", ["objectStore"], ({ objectStore }) =>
    objectStore.backend === "minio" ? recordsOutliveBackups("objectStore.retention", objectStore.retention) : [],
  ),
];
