import { rule } from "../rules.ts";
import { toBytes } from "../units.ts";

/** Memory beside the data: what changes while it is copied for a snapshot, buffers of replicas, the program itself. */
export const overhead = 1.5;

/** Append-only file and snapshot, each of them written anew beside the old. */
export const onVolume = 4;

/** Redis knows the age of an acknowledgement in whole seconds, and looks at it once a second (replication.c, refreshGoodSlavesCount). */
const lagGranularity = 2;

/** Checks on Redis. */
export const redisRules = [
  rule("Redis has memory to copy its data", ["redis"], ({ redis }) => {
    if (redis.backend !== "sentinel") return [];
    const needed = toBytes(redis.maxMemory) * overhead;
    return toBytes(redis.resources.memory) >= needed
      ? []
      : [
          {
            path: "redis.resources.memory",
            problem: `${redis.resources.memory} leave too little beside ${redis.maxMemory} of data: a save or a new replica would end the server`,
            remedy: `give at least ${Math.ceil(needed / 2 ** 20)}Mi, or lower redis.maxMemory`,
          },
        ];
  }),
  rule("Redis' volumes hold its data twice", ["redis"], ({ redis }) => {
    if (redis.backend !== "sentinel") return [];
    const needed = toBytes(redis.maxMemory) * onVolume;
    return toBytes(redis.storage) >= needed
      ? []
      : [
          {
            path: "redis.storage",
            problem: `${redis.storage} is too small for ${redis.maxMemory} of data: append-only file and snapshot are each written anew beside the old`,
            remedy: `give at least ${Math.ceil(needed / 2 ** 20)}Mi`,
          },
        ];
  }),
  rule("a master that is cut off stops before another is chosen", ["redis"], ({ redis }) => {
    if (redis.backend !== "sentinel" || redis.maxLag + lagGranularity <= redis.downAfter) return [];
    return [
      {
        path: "redis.maxLag",
        problem: `a master that is cut off would accept writes for up to ${redis.maxLag + lagGranularity} s, and another is chosen after ${redis.downAfter} s: what was written to the old one would be lost`,
        remedy: `give at most ${Math.floor(redis.downAfter - lagGranularity)}, or raise redis.downAfter to ${redis.maxLag + lagGranularity}`,
      },
    ];
  }),
  rule("a member a zone", ["cluster", "redis"], ({ cluster, redis }) =>
    redis.backend !== "sentinel" || redis.members >= cluster.zones.length
      ? []
      : [
          {
            path: "redis.members",
            problem: `${redis.members} members leave some of ${cluster.zones.length} zones without one`,
            remedy: `give at least ${cluster.zones.length}`,
          },
        ],
  ),
];
