import type { V1Container, V1Deployment, V1EnvFromSource, V1Pod } from "@kubernetes/client-node";

/** Name of the pod and of the ConfigMap with its program: there is one workload at a time. */
export const workloadName = "e2e-workload";
export const programFolder = "/opt/workload";
export const controlSocket = "/tmp/control.sock";

/** Prefix under which the client finds the plugin daemon's variables (client/clients.py). */
const daemonPrefix = "DAEMON_";

export interface WorkloadPodArgs {
  /** Dify's worker as it runs in the cluster: its labels, settings and files become the pod's. */
  readonly worker: V1Deployment;
  /** The plugin daemon, for its settings. */
  readonly pluginDaemon: V1Deployment;
  /** Image that has Python and the clients' libraries. */
  readonly image: string;
  /** Node on which it must not run. */
  readonly avoid?: string;
}

/**
 * The workload's pod: Dify's worker with another program and image. It is in the same places as a worker's pods for NetworkPolicies,
 * reads the same ConfigMaps and Secrets, and runs on a real node.
 */
export function workloadPod({ worker, pluginDaemon, image, avoid }: WorkloadPodArgs): V1Pod {
  const { metadata, spec } = templateOf(worker);
  const container = firstContainer(worker);
  const daemonSettings = firstContainer(pluginDaemon).envFrom ?? [];
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: workloadName,
      namespace: worker.metadata?.namespace ?? "",
      labels: { ...metadata?.labels, "dify-ha.local/e2e": "workload" },
    },
    spec: {
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      restartPolicy: "Never",
      terminationGracePeriodSeconds: 1,
      ...(spec.priorityClassName !== undefined && { priorityClassName: spec.priorityClassName }),
      ...(spec.securityContext && { securityContext: spec.securityContext }),
      nodeSelector: { "dify-ha.local/nodes": "real" },
      ...(avoid !== undefined && { affinity: { nodeAffinity: notOn(avoid) } }),
      volumes: [...(spec.volumes ?? []), { name: "program", configMap: { name: workloadName } }],
      containers: [
        {
          name: "workload",
          image,
          command: ["python3", "-B", `${programFolder}/main.py`],
          envFrom: [...(container.envFrom ?? []), ...daemonSettings.map(prefixed)],
          // The libraries look for files of their users.
          env: [...(container.env ?? []), { name: "HOME", value: "/tmp" }],
          volumeMounts: [
            ...(container.volumeMounts ?? []),
            { name: "program", mountPath: programFolder, readOnly: true },
          ],
          resources: { requests: { cpu: "50m", memory: "256Mi" }, limits: { memory: "512Mi" } },
          ...(container.securityContext && { securityContext: container.securityContext }),
          // Ready once every stream has had a success; not asked again, as what happens then is what tests are about.
          startupProbe: {
            exec: { command: askCommand("/ready") },
            periodSeconds: 2,
            timeoutSeconds: 5,
            failureThreshold: 60,
          },
        },
      ],
    },
  };
}

/** Command that asks the client in its pod. */
export function askCommand(path: string, query: Readonly<Record<string, string>> = {}): string[] {
  const given = new URLSearchParams(query).toString();
  const url = `http://workload${path}${given && `?${given}`}`;
  return ["curl", "--silent", "--show-error", "--fail-with-body", "--unix-socket", controlSocket, url];
}

function templateOf(deployment: V1Deployment) {
  const template = deployment.spec?.template;
  if (!template?.spec) throw new Error(`Deployment ${deployment.metadata?.name ?? ""} has no pod template.`);
  return { metadata: template.metadata, spec: template.spec };
}

function firstContainer(deployment: V1Deployment): V1Container {
  const [container] = templateOf(deployment).spec.containers;
  if (!container) throw new Error(`Deployment ${deployment.metadata?.name ?? ""} has no container.`);
  return container;
}

function prefixed(source: V1EnvFromSource): V1EnvFromSource {
  return { ...source, prefix: daemonPrefix };
}

function notOn(node: string) {
  const elsewhere = { key: "kubernetes.io/hostname", operator: "NotIn", values: [node] };
  return { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [elsewhere] }] } };
}
