import { rule } from "../rules.ts";

/** Checks on the cluster and on what all parts share. */
export const clusterRules = [
  rule("zones are different", ["cluster"], ({ cluster }) =>
    new Set(cluster.zones).size === cluster.zones.length
      ? []
      : [
          {
            path: "cluster.zones",
            problem: `${cluster.zones.join(", ")} names a zone twice`,
            remedy: "name each zone once: two names for one zone protect from nothing",
          },
        ],
  ),
];
