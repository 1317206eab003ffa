/** Findings of kube-score that stay, each with its reason. */
export interface Excuse {
  readonly check: string;
  readonly finding: string;
  /** Such as "Deployment/api"; "every": it follows from a rule of this program for all pods. */
  readonly objects: "every" | readonly string[];
  readonly reason: string;
}

const probes = "Container has the same readiness and liveness probe";
const sameProbe = (objects: readonly string[], reason: string): Excuse => ({
  check: "pod-probes-identical",
  finding: probes,
  objects,
  reason,
});

export const excuses: readonly Excuse[] = [
  {
    check: "container-image-pull-policy",
    finding: "ImagePullPolicy is not set to Always",
    objects: "every",
    reason:
      "Images are named by exact version or digest (policy pinned-images). With Always a pod could not restart while the registry is out of reach, on the worst day of all.",
  },
  {
    check: "container-resources",
    finding: "CPU limit is not set",
    objects: "every",
    reason:
      "CPU is requested, not limited: a limit would throttle a database or a proxy in the middle of a failover while the node idles. Memory has both.",
  },
  ...["Ephemeral Storage request is not set", "Ephemeral Storage limit is not set"].map((finding) => ({
    check: "container-ephemeral-storage-request-and-limit",
    finding,
    objects: "every" as const,
    reason:
      "Nothing counts local scratch space yet: volumes of known size have a sizeLimit, /tmp has none. Root file systems are read-only, so /tmp and logs are all there is. Limits need figures measured on the real images.",
  })),
  ...["The container is running with a low user ID", "The container running with a low group ID"].map((finding) => ({
    check: "container-security-context-user-group-id",
    finding,
    objects: "every" as const,
    reason:
      "Images run under the account that owns their files. That none is root, nor may become it, is the policy hardened-pods' to see.",
  })),
  {
    check: "container-security-context-readonlyrootfilesystem",
    finding: "The pod has a container with a writable root filesystem",
    objects: ["Deployment/sandbox"],
    reason:
      "Dify's sandbox builds the folder that it locks users' code into when it starts, inside its own file system.",
  },
  {
    check: "deployment-has-host-podantiaffinity",
    finding: "Deployment does not have a host podAntiAffinity set",
    objects: [
      ...["api", "gateway", "kube-state-metrics", "pgbouncer", "plugin-daemon", "sandbox", "ssrf-proxy", "web"],
      "worker",
    ].map((name) => `Deployment/${name}`),
    reason:
      "Spread by topologySpreadConstraints over zones and hosts, a revision at a time (components/workload/spread.ts): kube-score knows anti-affinity only.",
  },
  ...["Deployment few replicas", "Deployment update strategy"].map((finding) => ({
    check: finding.endsWith("strategy") ? "deployment-strategy" : "deployment-replicas",
    finding,
    objects: ["Deployment/websocket"],
    reason:
      "One by default and replaced, not doubled (components/dify/websocket.ts): rooms of its clients live in its memory.",
  })),
  ...["Deployment few replicas", "Deployment update strategy"].map((finding) => ({
    check: finding.endsWith("strategy") ? "deployment-strategy" : "deployment-replicas",
    finding,
    objects: ["Deployment/grafana"],
    reason:
      "It draws what others keep, and logs people in by a database of its own pod: a second would know none of its sessions. Alerts do not pass through it.",
  })),
  sameProbe(["Deployment/grafana"], "One question, two patiences: out of service after 15 s, restarted after 60 s."),
  sameProbe(
    ["api", "gateway", "plugin-daemon", "sandbox", "ssrf-proxy", "web", "websocket"].map(
      (name) => `Deployment/${name}`,
    ),
    "One question, two patiences: out of service after 15 s, restarted after 120 s. It asks the process alone, so that no dependency restarts it.",
  ),
  sameProbe(
    ["Deployment/pgbouncer"],
    "One question, two patiences: out of service after 4 s, restarted after 30 s, since a restart closes every client's connection.",
  ),
  sameProbe(
    ["DaemonSet/minio-s3", "DaemonSet/postgres-haproxy", "DaemonSet/redis-haproxy"],
    "HAProxy's own page, asked with two patiences: out of service after 4 to 6 s, restarted after 30 to 60 s. Who leads behind it is what the proxy itself follows.",
  ),
  sameProbe(
    ["StatefulSet/redis"],
    "Sentinel's port, asked with two patiences: out of service after 10 s, restarted after 90 s. A restarted Sentinel has to learn about its peers again.",
  ),
  {
    check: "service-targets-pod",
    finding: "The services selector does not match any pods",
    objects: ["etcd", "postgres", "redis"].flatMap((name) => [0, 1, 2].map((i) => `Service/${name}-${i}`)),
    reason:
      "One member each, by the label statefulset.kubernetes.io/pod-name, which the StatefulSet's controller puts on pods and no template shows.",
  },
];
