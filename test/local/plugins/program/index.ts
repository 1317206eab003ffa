import * as command from "@pulumi/command";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import * as tls from "@pulumi/tls";

const config = new pulumi.Config();
const replicas = config.getNumber("replicas") ?? 2;
const greeting = config.get("greeting") ?? "hello";
const size = config.get("size") ?? "1Gi";

const provider = new k8s.Provider("cluster", { enableSecretMutable: true });
const opts = { provider };
const name = config.require("namespace");
const labels = { app: "web" };
const namespace = new k8s.core.v1.Namespace("namespace", { metadata: { name } }, opts);
const inNamespace = { namespace: namespace.metadata.name };

const password = new random.RandomPassword("password", { length: 24 });
const suffix = new random.RandomId("suffix", { byteLength: 4 });
const caKey = new tls.PrivateKey("ca-key", { algorithm: "ECDSA", ecdsaCurve: "P256" });
const ca = new tls.SelfSignedCert("ca", {
  privateKeyPem: caKey.privateKeyPem,
  subject: { commonName: "in-stack CA" },
  isCaCertificate: true,
  setSubjectKeyId: true,
  validityPeriodHours: 24 * 365,
  allowedUses: ["cert_signing"],
});
const greeted = new command.local.Command("greeted", {
  create: "cat",
  stdin: greeting,
  delete: "true",
});

// Replaced on change, under a new name: what the vendor's plugin does by default.
const settings = new k8s.core.v1.ConfigMap("settings", { metadata: inNamespace, data: { greeting } }, opts);
// Changed in place: enableSecretMutable.
const secret = new k8s.core.v1.Secret(
  "secret",
  {
    metadata: { ...inNamespace, name: "secret" },
    stringData: { password: password.result, "ca.crt": ca.certPem, greeting },
  },
  opts,
);
new k8s.core.v1.Service(
  "web",
  { metadata: { ...inNamespace, name: "web" }, spec: { selector: labels, ports: [{ name: "http", port: 80 }] } },
  opts,
);
const container = {
  name: "web",
  image: "registry.example/web:1",
  resources: { requests: { cpu: "1000m", memory: "1024Mi" } },
  env: [
    { name: "SUFFIX", value: suffix.hex },
    { name: "PASSWORD", value: password.result },
  ],
  envFrom: [{ configMapRef: { name: settings.metadata.name } }, { secretRef: { name: secret.metadata.name } }],
};
const web = new k8s.apps.v1.Deployment(
  "web",
  {
    metadata: { ...inNamespace, name: "web" },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [container] } },
    },
  },
  opts,
);
new k8s.policy.v1.PodDisruptionBudget(
  "web",
  { metadata: inNamespace, spec: { maxUnavailable: 1, selector: { matchLabels: labels } } },
  opts,
);
new k8s.autoscaling.v2.HorizontalPodAutoscaler(
  "web",
  {
    metadata: inNamespace,
    spec: {
      minReplicas: 1,
      maxReplicas: 3,
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "nobody" },
      metrics: [
        { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 70 } } },
      ],
    },
  },
  opts,
);
new k8s.apps.v1.StatefulSet(
  "store",
  {
    metadata: { ...inNamespace, name: "store" },
    spec: {
      serviceName: "store",
      replicas: 2,
      podManagementPolicy: "Parallel",
      selector: { matchLabels: { app: "store" } },
      template: {
        metadata: { labels: { app: "store" } },
        spec: {
          containers: [
            { name: "store", image: "registry.example/store:1", volumeMounts: [{ name: "data", mountPath: "/data" }] },
          ],
        },
      },
      volumeClaimTemplates: [
        {
          metadata: { name: "data" },
          spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: size } } },
        },
      ],
    },
  },
  opts,
);
new k8s.apps.v1.DaemonSet(
  "agent",
  {
    metadata: inNamespace,
    spec: {
      selector: { matchLabels: { app: "agent" } },
      template: {
        metadata: { labels: { app: "agent" } },
        spec: { containers: [{ name: "agent", image: "registry.example/agent:1" }] },
      },
    },
  },
  opts,
);
const job = new k8s.batch.v1.Job(
  "migrate",
  {
    metadata: { ...inNamespace, name: "migrate" },
    spec: {
      backoffLimit: 0,
      template: {
        spec: {
          restartPolicy: "Never",
          containers: [{ name: "migrate", image: `registry.example/migrate:${greeting}` }],
        },
      },
    },
  },
  opts,
);
new k8s.batch.v1.CronJob(
  "backup",
  {
    metadata: inNamespace,
    spec: {
      schedule: "0 2 * * *",
      jobTemplate: {
        spec: {
          template: {
            spec: { restartPolicy: "Never", containers: [{ name: "backup", image: "registry.example/backup:1" }] },
          },
        },
      },
    },
  },
  { ...opts, dependsOn: job },
);
new k8s.core.v1.PersistentVolumeClaim(
  "scratch",
  { metadata: inNamespace, spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } } },
  opts,
);
new k8s.networking.v1.NetworkPolicy(
  "deny",
  { metadata: inNamespace, spec: { podSelector: {}, policyTypes: ["Ingress"] } },
  opts,
);
new k8s.networking.v1.Ingress(
  "web",
  {
    metadata: inNamespace,
    spec: {
      rules: [
        {
          host: "dify.example",
          http: {
            paths: [{ path: "/", pathType: "Prefix", backend: { service: { name: "web", port: { number: 80 } } } }],
          },
        },
      ],
    },
  },
  opts,
);
const account = new k8s.core.v1.ServiceAccount(
  "account",
  { metadata: inNamespace, automountServiceAccountToken: false },
  opts,
);
const role = new k8s.rbac.v1.Role(
  "reader",
  { metadata: inNamespace, rules: [{ apiGroups: [""], resources: ["pods"], verbs: ["get"] }] },
  opts,
);
new k8s.rbac.v1.RoleBinding(
  "reader",
  {
    metadata: inNamespace,
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: role.metadata.name },
    subjects: [{ kind: "ServiceAccount", name: account.metadata.name, namespace: name }],
  },
  opts,
);
new k8s.scheduling.v1.PriorityClass("important", { value: 1000 }, opts);

const group = `${name}.example.com`;
const drills = new k8s.apiextensions.v1.CustomResourceDefinition(
  "drills",
  {
    metadata: { name: `drills.${group}` },
    spec: {
      group,
      scope: "Namespaced",
      names: { plural: "drills", singular: "drill", kind: "Drill" },
      versions: [
        {
          name: "v1",
          served: true,
          storage: true,
          schema: {
            openAPIV3Schema: {
              type: "object",
              properties: { spec: { type: "object", properties: { every: { type: "string" } } } },
            },
          },
        },
      ],
    },
  },
  opts,
);
new k8s.apiextensions.CustomResource(
  "drill",
  { apiVersion: `${group}/v1`, kind: "Drill", metadata: { ...inNamespace, name: "drill" }, spec: { every: "24h" } },
  { ...opts, dependsOn: drills },
);

export const said = greeted.stdout;
export const configMap = settings.metadata.name;
export const deployed = web.status.availableReplicas;
export const secretPassword = password.result;
