import type * as pulumi from "@pulumi/pulumi";
import type { ClusterSettings } from "../../config/cluster.ts";
import type { DifySettings } from "../../config/dify.ts";
import type { Resources } from "../../config/units.ts";
import type { RedisConnection } from "../redis/connection.ts";
import type { ContainerArgs } from "../workload/container.ts";
import type { PodArgs } from "../workload/pod.ts";
import type { DifyConfiguration } from "./configuration.ts";
import { authoritiesFolder } from "./environment/authorities.ts";
import { roleEnvironment, type Role } from "./environment/roles.ts";
import { difyImages } from "./images.ts";
import { celeryScripts } from "./probes.ts";

/** What every part that runs the API's image takes. */
export interface BackendArgs {
  readonly cluster: ClusterSettings;
  readonly namespace: pulumi.Input<string>;
  readonly settings: DifySettings;
  readonly redis: RedisConnection;
  readonly configuration: DifyConfiguration;
  /** What must be there before the first pod starts: the migrated schema. */
  readonly after?: readonly pulumi.Input<pulumi.Resource>[];
}

/** User of the images of API and web. */
export const difyUser = { user: 1001, group: 1001 } as const;

/** Container of the API's image in one of its roles. */
export function backendContainer(
  args: Pick<BackendArgs, "settings" | "configuration">,
  container: Pick<ContainerArgs, "name"> & Partial<ContainerArgs> & { readonly resources: Resources },
): ContainerArgs {
  const { settings, configuration } = args;
  const [plain, secret] = configuration.environment;
  return {
    ...container,
    image: difyImages(settings).api,
    envFrom: [
      { configMapRef: { name: plain.metadata.name } },
      { secretRef: { name: secret.metadata.name } },
      ...(settings.extraSecret ? [{ secretRef: { name: settings.extraSecret } }] : []),
    ],
    mounts: { [authoritiesFolder]: { volume: "authorities", readOnly: true }, ...container.mounts },
    writable: ["/tmp"],
  };
}

/** Pod of one role of the API's image. */
export function backendPod(
  role: Role,
  args: BackendArgs,
  container: Omit<Parameters<typeof backendContainer>[1], "name" | "env">,
): Pick<PodArgs, "cluster" | "nodes" | "runAs" | "containers" | "volumes" | "reads"> {
  const { configuration } = args;
  const probed = role === "worker" || role === "beat";
  return {
    cluster: args.cluster,
    nodes: args.settings.nodes,
    runAs: difyUser,
    containers: [
      backendContainer(args, {
        ...container,
        name: role,
        env: roleEnvironment(role, args.settings, args.redis),
        ...(probed && { mounts: { [celeryScripts]: { volume: "scripts", readOnly: true } } }),
      }),
    ],
    volumes: [
      { name: "authorities", configMap: { name: configuration.authorities.metadata.name } },
      ...(probed ? [{ name: "scripts", configMap: { name: configuration.scripts.metadata.name } }] : []),
    ],
    reads: [...configuration.environment, configuration.authorities, ...(probed ? [configuration.scripts] : [])],
  };
}
