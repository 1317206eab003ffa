import type {
  V1Container,
  V1Deployment,
  V1EnvVar,
  V1Job,
  V1PodSpec,
  V1StatefulSet,
  V1Volume,
} from "@kubernetes/client-node";
import { nameLabel } from "../../components/workload/labels.ts";
import type { Directory, MovedWorkload, Role, State } from "./state.ts";
import { authorityFolder, type StorageSettings, type Target } from "./target.ts";

/** What the pods that carry files are called. */
export const jobWorkload = "storage-migration";

/** ConfigMap and Secret with Dify's storage settings of a role. */
export const settingsName = (role: Role): string => `dify-storage-${role}`;
/** ConfigMap with the object store's authority. */
export const authorityName = "dify-storage-authority";
/** ConfigMap with what the Jobs run. */
export const scriptsName = "storage-migration-scripts";

const authorityVolume: V1Volume = { name: "dify-storage-authority", configMap: { name: authorityName } };
const authorityMount = { name: "dify-storage-authority", mountPath: authorityFolder, readOnly: true };
const settingsFrom = (role: Role) => [
  { configMapRef: { name: settingsName(role) } },
  { secretRef: { name: settingsName(role) } },
];

/** What a Job does, see storage.sh. */
export type Action = "archive" | "copy" | "final" | "verify" | "back";

export const jobName = (action: Action, role: Role): string => `${jobWorkload}-${action}-${role}`;

/** File in which a Job's pod says what it has found: the cluster shows it as its termination message. */
const result = "/run/migration/result";

/**
 * A Job that carries files, on the node that has them.
 * @param bandwidth rclone's --bwlimit. @default no limit
 */
export function carrierJob(
  action: Action,
  directory: Directory,
  state: State,
  target: Pick<Target, "archiveBucket" | "authority">,
  bandwidth = "off",
): V1Job {
  const { role, exclude = "", subPath, volume } = directory;
  const labels = { [nameLabel]: jobWorkload };
  const { cut = "", archives, filled } = state;
  const env: Readonly<Record<string, string>> = {
    ACTION: action,
    ROLE: role,
    FOLDER: "/source",
    EXCLUDE: exclude,
    ARCHIVE_PATH: `${target.archiveBucket}/storage-migration/${state.id}`,
    SUM: archives[role]?.sum ?? "",
    OURS: filled ? "yes" : "no",
    SINCE: cut && new Date(Date.parse(cut) - clockSkew).toISOString(),
    RESULT: result,
    RCLONE_BWLIMIT: bandwidth,
    RCLONE_CONFIG: "/dev/null",
    RCLONE_CACHE_DIR: "/tmp/cache",
    // In parts, each with its checksum: a store may refuse an object without one when it has a lock, and what it encrypts has another ETag than rclone expects.
    RCLONE_S3_UPLOAD_CUTOFF: "0",
    RCLONE_S3_USE_MULTIPART_ETAG: "false",
    ...(target.authority && { SSL_CERT_DIR: `${authorityFolder}:/etc/ssl/certs` }),
  };
  const fromTarget = (name: string, key: string): V1EnvVar => ({
    name,
    valueFrom: { secretKeyRef: { name: state.target, key } },
  });
  const writes = action === "back";
  const container: V1Container = {
    name: "rclone",
    image: state.image,
    command: ["sh", "/opt/migration/storage.sh"],
    envFrom: settingsFrom(role),
    env: [
      ...Object.entries(env).map(([name, value]) => ({ name, value })),
      fromTarget("ARCHIVE_ACCESS_KEY", "archiveAccessKey"),
      fromTarget("ARCHIVE_SECRET_KEY", "archiveSecretKey"),
    ],
    volumeMounts: [
      { name: "source", mountPath: "/source", readOnly: !writes, ...(subPath && { subPath }) },
      { name: "scripts", mountPath: "/opt/migration", readOnly: true },
      { name: "tmp", mountPath: "/tmp" },
      { name: "result", mountPath: "/run/migration" },
      ...(target.authority ? [authorityMount] : []),
    ],
    terminationMessagePath: result,
    terminationMessagePolicy: "FallbackToLogsOnError",
    resources: { requests: { cpu: "500m", memory: "512Mi" }, limits: { memory: "2Gi" } },
    securityContext: {
      allowPrivilegeEscalation: false,
      // Files belong to whoever Dify's image ran as when it wrote them: root before 1.11, 1001 since.
      capabilities: { drop: ["ALL"], add: ["DAC_OVERRIDE", "CHOWN", "FOWNER"] },
      readOnlyRootFilesystem: true,
    },
  };
  const spec: V1PodSpec = {
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    restartPolicy: "Never",
    securityContext: { runAsUser: 0, seccompProfile: { type: "RuntimeDefault" } },
    containers: [container],
    volumes: [
      { name: "source", ...volume },
      { name: "scripts", configMap: { name: scriptsName } },
      { name: "tmp", emptyDir: {} },
      { name: "result", emptyDir: {} },
      ...(target.authority ? [authorityVolume] : []),
    ],
    ...(directory.node && onNode(directory.node)),
  };
  return {
    metadata: { name: jobName(action, role), labels },
    spec: {
      // What is killed goes on where it was.
      backoffLimit: 3,
      // What has a reason that stays, see storage.sh, is not tried again.
      podFailurePolicy: { rules: [{ action: "FailJob", onExitCodes: { operator: "In", values: [64] } }] },
      // Two that carry the same files at once would be in each other's way.
      podReplacementPolicy: "Failed",
      template: { metadata: { labels }, spec },
    },
  };
}

/** By how much the clocks of nodes and object store may differ: what was written so long before the cut is looked at as if it came after. In ms. */
const clockSkew = 60_000;

const onNode = (node: string): Pick<V1PodSpec, "affinity" | "tolerations"> => ({
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchFields: [{ key: "metadata.name", operator: "In", values: [node] }] }],
      },
    },
  },
  tolerations: [{ operator: "Exists" }],
});

/** The Deployment that takes a StatefulSet's place: the same pods, but for their storage. Services find them by the same labels. */
export function deploymentOf(
  { metadata, spec }: V1StatefulSet,
  { name, role, volume, replicas }: MovedWorkload,
  settings: StorageSettings,
  hasAuthority: boolean,
): V1Deployment {
  const template = spec?.template;
  const names = new Set([...Object.keys(settings.plain), ...Object.keys(settings.secret)]);
  const moved = (container: V1Container): V1Container => {
    if (!container.volumeMounts?.some((mount) => mount.name === volume)) return container;
    return {
      ...container,
      // The last one counts; a variable of the container's own would count more.
      envFrom: [...(container.envFrom ?? []), ...settingsFrom(role)],
      env: (container.env ?? []).filter((variable) => !names.has(variable.name)),
      volumeMounts: [...container.volumeMounts, ...(hasAuthority ? [authorityMount] : [])],
    };
  };
  const pod = template?.spec;
  return {
    metadata: {
      name,
      ...(metadata?.labels && { labels: metadata.labels }),
      annotations: { "dify-ha/in-place-of": `StatefulSet/${metadata?.name}` },
    },
    spec: {
      replicas,
      selector: spec?.selector ?? {},
      // Daemons before 0.5.4 cannot be two, not even for a moment.
      ...(role === "plugins" && { strategy: { type: "Recreate" } }),
      template: {
        ...template,
        spec: {
          ...pod,
          containers: (pod?.containers ?? []).map(moved),
          ...(pod?.initContainers && { initContainers: pod.initContainers.map(moved) }),
          volumes: [
            ...(pod?.volumes ?? []).filter((each) => each.name !== volume),
            // For what is built anew wherever it starts; nothing that must stay is written there any more.
            { name: volume, emptyDir: {} },
            ...(hasAuthority ? [authorityVolume] : []),
          ],
        },
      },
    },
  };
}
