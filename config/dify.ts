import { z } from "zod";
import { difyVersionNames } from "../components/dify/versions.ts";
import { placement } from "./placement.ts";
import { replicas } from "./scaling.ts";
import { bytes, image, resources } from "./units.ts";

/** Connections that each process keeps to its database: the pool, and how many more it may open under load. */
const databasePool = (size: number, overflow: number) =>
  z
    .strictObject({
      /** Connections that each process keeps open. */
      size: z.number().int().min(1).max(200).default(size),
      /** Further ones that it may open under load. */
      overflow: z.number().int().min(0).max(200).default(overflow),
    })
    .prefault({});

/** Images; what is left out is Dify's own, of the version. */
const imageSettings = z
  .strictObject({
    /** Mirror that is put before every image below, such as "registry.example.com/mirror". */
    registry: z
      .string()
      .regex(
        /^[a-z0-9][\w./:-]*[\w]$/,
        'must be a registry without a slash at its end, such as "registry.example.com/mirror"',
      )
      .optional(),
    /** API, workers, scheduler, collaboration and migration. */
    api: image.optional(),
    /** Pages. */
    web: image.optional(),
    /** Plugin daemon. */
    pluginDaemon: image.optional(),
    /** Sandbox of code. */
    sandbox: image.optional(),
    /** Agent back end. */
    agentBackend: image.optional(),
    /** Shell of the agents. */
    agentSandbox: image.optional(),
    /** Squid. */
    ssrfProxy: image.default("ubuntu/squid:6.6-24.04_beta"),
    /** nginx, in a variant that does not run as root. */
    gateway: image.default("nginxinc/nginx-unprivileged:1.29.8-alpine"),
  })
  .prefault({});

/** Console and service API. */
const apiSettings = z
  .strictObject({
    replicas: replicas.default(3),
    resources: resources("500m", "2Gi"),
    /** Server processes in each pod; about 520 MB each. */
    processes: z.number().int().min(1).max(16).default(1),
    /** Requests that a process serves at once. Dify's own default is 10, which is soon reached by streams. */
    connections: z.number().int().min(10).max(10_000).default(200),
    database: databasePool(20, 10),
  })
  .prefault({});

/** Runs of workflows, indexing, mail. */
const workerSettings = z
  .strictObject({
    replicas: replicas.default(2),
    resources: resources("1000m", "4Gi"),
    /** Tasks that a worker does at once. */
    concurrency: z.number().int().min(1).max(200).default(10),
    /** Queues, where a worker shall not serve all of them; which there are changes with the version. */
    queues: z.array(z.string().min(1)).min(1).optional(),
    database: databasePool(20, 10),
  })
  .prefault({});

/** The one scheduler. */
const beatSettings = z.strictObject({ resources: resources("100m", "1Gi") }).prefault({});

/** Collaboration on the canvas, from 1.14 on. */
const websocketSettings = z
  .strictObject({
    /** Whether several users can work on a canvas at once. */
    enabled: z.boolean().default(true),
    /** More than one from 1.16 on; the load balancer must then keep a client on one node. */
    replicas: z.number().int().min(1).max(20).default(1),
    resources: resources("250m", "1Gi"),
    /** Clients that a process serves at once. */
    connections: z.number().int().min(10).max(100_000).default(1000),
    database: databasePool(5, 5),
  })
  .prefault({});

/** Pages. */
const webSettings = z
  .strictObject({
    replicas: replicas.default(2),
    resources: resources("250m", "512Mi"),
  })
  .prefault({});

/** Runs plugins: models, tools, endpoints. */
const pluginDaemonSettings = z
  .strictObject({
    /** Each runs all plugins. Left out: 2 where the version's daemons share the work, else 1. */
    replicas: z.number().int().min(1).max(20).optional(),
    /** Out of memory below 4 GiB with many plugins was reported. */
    resources: resources("500m", "4Gi"),
    /** User that it runs as. The image names none; that it needs no other is an assumption: everything it writes is under /app/storage. */
    user: z.number().int().min(1).max(65_535).default(1001),
    /** Space for the environments of plugins, which are made anew in each pod. */
    scratch: bytes.default("10Gi"),
    /** Longest start in seconds: each pod builds the environments of all plugins. */
    startupSeconds: z.number().int().min(60).max(3600).default(900),
    /** Index of Python packages in place of pypi.org. */
    packageIndex: z.url({ protocol: /^https?$/ }).optional(),
    /** Refuse plugins that the marketplace did not sign. */
    verifySignatures: z.boolean().default(true),
    database: databasePool(20, 0),
  })
  .prefault({});

/** Runs the code of users. */
const sandboxSettings = z
  .strictObject({
    replicas: replicas.default(2),
    resources: resources("500m", "1Gi"),
    /** Pieces of code that a pod runs at once. */
    workers: z.number().int().min(1).max(100).default(4),
    /** Longest run of a piece of code in seconds. */
    timeoutSeconds: z.number().int().min(1).max(600).default(15),
  })
  .prefault({});

const address = z.string().regex(/^[0-9a-f.:]+(\/\d{1,3})?$/, 'must be an address or range such as "10.20.0.0/16"');

/** The only way from the sandbox to the outside, and the way of every request to an address that a user chose. */
const ssrfProxySettings = z
  .strictObject({
    /** Proxies; 2 or more survive the loss of one. */
    replicas: z.number().int().min(1).max(20).default(2),
    resources: resources("100m", "256Mi"),
    /** Private addresses that may be reached in spite of the rule; all others are denied. */
    allowAddresses: z.array(address).default([]),
    /** Domains that may be reached although they resolve to private addresses, such as ".intranet.example.com". */
    allowDomains: z
      .array(z.string().regex(/^\.?([a-z0-9-]+\.)+[a-z]{2,}$/, 'must be a domain such as ".intranet.example.com"'))
      .default([]),
  })
  .prefault({});

/** Agents with a shell of their own, from 1.16 on. */
const agentSettings = z
  .strictObject({
    /** Whether the agent back end and its shell run. */
    enabled: z.boolean().default(false),
    /** Agent back ends; 2 or more survive the loss of one. */
    replicas: z.number().int().min(1).max(20).default(2),
    resources: resources("250m", "1Gi"),
    /** The one shell that all agents share: their homes and workspaces are on its volume. */
    sandbox: z
      .strictObject({
        resources: resources("500m", "2Gi"),
        /** Volume of homes and workspaces. */
        storage: bytes.default("10Gi"),
        /** User of its image, made by useradd without a number: 1000 is what Debian gives to the first. */
        user: z.number().int().min(1).max(65_535).default(1000),
      })
      .prefault({}),
  })
  .prefault({});

/** Who ends TLS: the gateway with a certificate from a Secret of the app namespace, somebody before it, or nobody. */
const tlsSettings = z.discriminatedUnion("endedBy", [
  z.strictObject({
    /** Where TLS ends. */
    endedBy: z.literal("gateway"),
    /** Name of a Secret of type kubernetes.io/tls, as cert-manager makes them; a new certificate is taken up while running. */
    secret: z.string().min(1),
  }),
  z.strictObject({ endedBy: z.literal("loadBalancer") }),
  z.strictObject({ endedBy: z.literal("nobody") }),
]);

/** How users reach the gateway. */
const exposureSettings = z.discriminatedUnion("kind", [
  z.strictObject({
    /** A Service of type LoadBalancer, or an Ingress. */
    kind: z.literal("loadBalancer"),
    /** Annotations of the Service, which the provider of the load balancer reads. */
    annotations: z.record(z.string(), z.string()).default({}),
  }),
  z.strictObject({
    kind: z.literal("ingress"),
    /** Class of the Ingress; the cluster's default when left out. */
    className: z.string().min(1).optional(),
    /** Annotations of the Ingress, which its controller reads. */
    annotations: z.record(z.string(), z.string()).default({}),
    /** Secret with the certificate, for the controller. */
    tlsSecret: z.string().min(1).optional(),
  }),
]);

/** The one way in: nginx. */
const gatewaySettings = z
  .strictObject({
    /** Gateways; 2 or more survive the loss of one. */
    replicas: z.number().int().min(1).max(50).default(3),
    resources: resources("250m", "256Mi"),
    /** Largest request in MiB: uploads of files. */
    bodyMiB: z.number().int().min(1).max(10_240).default(100),
    exposure: exposureSettings.default({ kind: "loadBalancer", annotations: {} }),
    tls: tlsSettings.default({ endedBy: "loadBalancer" }),
    /** Addresses of proxies before the gateway whose X-Forwarded-For is believed. */
    trustedProxies: z.array(address).default([]),
  })
  .prefault({});

/** Brings the schema up to date before a release is rolled out. */
const migrationSettings = z
  .strictObject({
    /** Longest migration in seconds. */
    timeoutSeconds: z.number().int().min(60).max(86_400).default(3600),
    /**
     * Further flask commands that an upgrade asks for, run once after the schema: ["backfill-plugin-auto-upgrade"] when coming
     * from before 1.15, ["data-migrate legacy-model-types --apply"] when coming from before 1.17.
     */
    commands: z.array(z.string().regex(/^[\w .=-]+$/, "must be the arguments of flask, without quotes")).default([]),
  })
  .prefault({});

/** Dify itself. */
export const difySettings = z
  .strictObject({
    /** A version whose images, routes, variables and probes are known. */
    version: z.enum(difyVersionNames).default("1.15.0"),
    images: imageSettings,
    /** Least severe messages that Dify logs. */
    logLevel: z.enum(["DEBUG", "INFO", "WARNING", "ERROR"]).default("INFO"),
    /** Longest run of an app or workflow in seconds. Pods are given that long to end. */
    maxExecutionSeconds: z.number().int().min(60).max(86_400).default(1200),
    /** Further variables of API, workers and scheduler that are no secret; those of this program cannot be given. */
    extraEnvironment: z
      .record(z.string().regex(/^[A-Z][A-Z0-9_]*$/, "must be the name of a variable"), z.string())
      .default({}),
    /** Secret of the app namespace whose keys are further variables, such as SMTP_PASSWORD. */
    extraSecret: z.string().min(1).optional(),
    /** Nodes that may run Dify: API, workers, scheduler, pages, plugins, sandboxes, their proxy, gateway and migration. */
    nodes: placement,
    api: apiSettings,
    worker: workerSettings,
    beat: beatSettings,
    websocket: websocketSettings,
    web: webSettings,
    pluginDaemon: pluginDaemonSettings,
    sandbox: sandboxSettings,
    ssrfProxy: ssrfProxySettings,
    agent: agentSettings,
    gateway: gatewaySettings,
    migration: migrationSettings,
  })
  .prefault({});

export type DifySettings = z.infer<typeof difySettings>;
