import * as pulumi from "@pulumi/pulumi";
import type { PatroniSettings } from "../../config/postgres.ts";
import type { Resources } from "../../config/units.ts";
import type { DrillKind } from "../../runbooks/drills/result.ts";
import type { Figures } from "../observability/figures.ts";
import type { RedisBackupAccess } from "../redis/connection.ts";
import type { ContainerArgs, EnvironmentValue } from "../workload/container.ts";
import type { DrillSites, SiteName } from "./sites.ts";

/** Where the steps of a drill leave things for each other. */
const folder = "/drill";
/** Into which Postgres is restored, and what pgBackRest keeps beside it. */
export const restoreFolders = { data: `${folder}/postgres/data`, spool: `${folder}/postgres/spool` };
const scripts = "/opt/dify-ha";

/** More than an image's own tools need, and less than the server. */
const small: Resources = { cpu: "100m", memory: "256Mi" };

/** What pg_amcheck looks at besides the entries of every table. The weekly drill walks through each tree from both ends. */
const amcheck: Readonly<Record<DrillKind, readonly string[]>> = {
  light: [],
  full: ["--parent-check", "--rootdescend"],
};

export interface StepsArgs {
  readonly kind: DrillKind;
  readonly site: SiteName;
  /** Seconds for all of it. */
  readonly deadline: number;
  /** Objects of each bucket that are compared. */
  readonly sample: number;
  readonly sites: DrillSites;
  readonly dataNamespace: pulumi.Input<string>;
  readonly figures: Figures;
  readonly postgres: PatroniSettings;
  readonly redis: RedisBackupAccess["settings"] | undefined;
  /** With rclone. */
  readonly image: string;
  /** Of the server that is restored. */
  readonly resources: Resources;
}

type Environment = Readonly<Record<string, EnvironmentValue>>;

/** Containers of a drill, one after the other: each leaves what it has found, and the last tells of it. */
export function drillSteps(args: StepsArgs): readonly ContainerArgs[] {
  const { site, sites, postgres, redis, image, resources } = args;
  const settings = pulumi.jsonStringify({
    kind: args.kind,
    site,
    repository: site === "cluster" ? 1 : 2,
    seconds: args.deadline,
    sample: args.sample,
    amcheck: amcheck[args.kind],
    dataNamespace: args.dataNamespace,
    ...sites.settings,
  });
  const step = (name: string, command: readonly string[], env: Environment): ContainerArgs => ({
    name,
    image: postgres.image,
    command: [...command],
    env: { FOLDER: folder, DRILL_SETTINGS: settings, ...env },
    mounts: { [folder]: { volume: "drill" }, [scripts]: { volume: "scripts", readOnly: true }, ...sites.mounts },
    writable: ["/tmp"],
    resources: small,
  });
  const python = (name: string, file: string, env: Environment) =>
    step(name, ["python3", "-B", `${scripts}/${file}`], env);
  const shell = (name: string, file: string, env: Environment) => step(name, ["sh", `${scripts}/${file}`], env);
  return [
    python("catalogue", "catalogue.py", sites.catalogues),
    {
      // Times in the log are read as UTC.
      ...python("postgres", "postgres.py", { ...sites.repositoryOf(site), BIN_DIR: postgres.binDir, TZ: "UTC" }),
      resources,
    },
    python("objects", "objects.py", { ...sites.keysOf(site), ...sites.originalKeys }),
    { ...shell("snapshot", "snapshot.sh", sites.remoteOf(site)), image },
    ...(redis ? [{ ...shell("redis", "redis.sh", {}), image: redis.image, resources: redis.resources }] : []),
    python("locks", "locks.py", sites.keysOf(site)),
    ...(args.kind === "full"
      ? [
          {
            ...python("keys", "keys.py", { ...sites.keysOf(site), ...sites.fingerprints, BIN_DIR: postgres.binDir }),
            resources,
          },
        ]
      : []),
    python("result", "result.py", { ...sites.catalogues, ...args.figures(`drill-${args.kind}`) }),
  ];
}
