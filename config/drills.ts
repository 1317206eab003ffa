import { z } from "zod";
import { cron } from "./schedule.ts";
import { bytes, resources } from "./units.ts";

const site = z.enum(["cluster", "offsite"]);
const sample = z.number().int().min(1).max(100_000);
const deadline = z.number().int().min(1).max(72);

/** Each day: Postgres at the instant of the newest record on a server of its own, a sample of objects, Redis' snapshot, the locks. */
const light = z
  .strictObject({
    /** When. A record of the same day should be there by then. */
    schedule: cron.default("20 6 * * *"),
    /** Whose copies are restored: those of the cluster's object store, or of the second site. */
    site: site.default("cluster"),
    /** Objects of each bucket that are read and compared, chosen by chance. */
    sample: sample.default(20),
    /** Hours after which a drill has failed. */
    deadline: deadline.default(4),
  })
  .prefault({});

/** Each week: the same with a closer look at indexes, and what Dify encrypted with its keys is read with the keys that were restored. */
const full = z
  .strictObject({
    /** When. */
    schedule: cron.default("40 7 * * 0"),
    /** Whose copies are restored; the second site's when left out, if there is one. */
    site: site.optional(),
    /** Objects of each bucket that are read and compared, chosen by chance. */
    sample: sample.default(1000),
    /** Hours after which a drill has failed. */
    deadline: deadline.default(12),
  })
  .prefault({});

/** Proof that backups restore: they are restored, in a namespace of their own and with rights to read alone. Where we run Postgres ourselves. */
export const drillsSettings = z
  .strictObject({
    /** Run them by schedule. */
    enabled: z.boolean().default(true),
    light,
    full,
    /** Room for what a drill restores, as a volume that goes with it; as much as a member of Postgres has when left out. */
    scratch: bytes.optional(),
    /** Of the server that is restored. */
    resources: resources("500m", "1Gi"),
  })
  .prefault({});

export type DrillsSettings = z.infer<typeof drillsSettings>;
