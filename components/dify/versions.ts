/** Who answers a path of the public address. */
export type Upstream = "api" | "websocket" | "web" | "plugin-daemon";

/** The agent back end with its sandbox, which came with 1.16. */
export interface AgentVersion {
  /** Tag of both images. */
  readonly image: string;
  /** What the back end calls the sandbox's address and token: renamed in 1.17. */
  readonly sandboxEndpoint: "DIFY_AGENT_SHELLCTL_ENTRYPOINT" | "DIFY_AGENT_LOCAL_SANDBOX_ENDPOINT";
  readonly sandboxToken: "DIFY_AGENT_SHELLCTL_AUTH_TOKEN" | "DIFY_AGENT_LOCAL_SANDBOX_AUTH_TOKEN";
}

/** What a version of Dify has, and where it differs from others. */
export interface DifyVersion {
  /** Tags of the images that go with it; API and web carry Dify's own version. */
  readonly images: { readonly pluginDaemon: string; readonly sandbox: string };
  /** Arguments of flask that bring the schema up to date. */
  readonly migration: string;
  /** Prefixes that do not go to the web pages, longest first. */
  readonly routes: Readonly<Record<string, Exclude<Upstream, "web">>>;
  /** Collaboration by websocket: not there, one process only (its state is in memory), or several (Redis carries it). */
  readonly websocket: "none" | "single" | "several";
  /** Runs stream back through Redis, by a client with a URL of its own. */
  readonly eventBus: boolean;
  readonly pluginDaemon: {
    /** Several daemons share their plugins, and find each other's debugging sessions. */
    readonly replicated: boolean;
    /** Its image starts it below an init process; without one plugins end at once, because their parent is process 1. */
    readonly init: boolean;
    /** Knows how to talk to a pooler by transactions: DB_TYPE=pgbouncer. */
    readonly pooler: boolean;
  };
  readonly agent: AgentVersion | undefined;
}

const firstRoutes = {
  "/console/api": "api",
  "/api": "api",
  "/v1": "api",
  "/files": "api",
  "/e/": "plugin-daemon",
} as const;
const routesOf13 = { ...firstRoutes, "/mcp": "api", "/triggers": "api" } as const;
const routesOf14 = { ...routesOf13, "/socket.io/": "websocket" } as const;
const routesOf15 = { ...routesOf14, "/openapi": "api" } as const;

/** Exits with 1 when the migration failed, and holds a lock that is renewed: both since 1.13. */
const lockedMigration = "upgrade-db";

const daemonOf06 = { replicated: true, init: true, pooler: true } as const;

const dify13: DifyVersion = {
  images: { pluginDaemon: "0.5.3-local", sandbox: "0.2.14" },
  migration: lockedMigration,
  routes: routesOf13,
  websocket: "none",
  eventBus: true,
  // Several pods reported "no available node" until 0.5.4.
  pluginDaemon: { replicated: false, init: false, pooler: false },
  agent: undefined,
};

const dify14: DifyVersion = {
  ...dify13,
  images: { pluginDaemon: "0.6.0-local", sandbox: "0.2.15" },
  routes: routesOf14,
  websocket: "single",
  pluginDaemon: daemonOf06,
};

const dify15: DifyVersion = {
  ...dify14,
  images: { pluginDaemon: "0.6.3-local", sandbox: "0.2.15" },
  routes: routesOf15,
};

const dify16: DifyVersion = {
  ...dify15,
  websocket: "several",
  agent: {
    image: "1.16.1",
    sandboxEndpoint: "DIFY_AGENT_SHELLCTL_ENTRYPOINT",
    sandboxToken: "DIFY_AGENT_SHELLCTL_AUTH_TOKEN",
  },
};

/**
 * Versions whose facts are known from Dify's own sources and images; others are refused rather than guessed. Health paths are
 * the same in all of them (probes.ts). 1.15.0 is the one that was run for real on this data plane.
 */
export const difyVersions = {
  "1.3.0": {
    images: { pluginDaemon: "0.0.9-local", sandbox: "0.2.11" },
    // upgrade-db of this version swallows errors, and its lock runs out after 60 s.
    migration: "db upgrade",
    routes: firstRoutes,
    websocket: "none",
    eventBus: false,
    pluginDaemon: { replicated: false, init: false, pooler: false },
    agent: undefined,
  },
  "1.13.3": dify13,
  "1.14.1": dify14,
  "1.15.0": dify15,
  "1.16.1": dify16,
  "1.17.1": {
    ...dify16,
    images: { pluginDaemon: "0.6.10-local", sandbox: "0.2.15" },
    agent: {
      image: "1.17.1",
      sandboxEndpoint: "DIFY_AGENT_LOCAL_SANDBOX_ENDPOINT",
      sandboxToken: "DIFY_AGENT_LOCAL_SANDBOX_AUTH_TOKEN",
    },
  },
} as const satisfies Record<string, DifyVersion>;

export type DifyVersionName = keyof typeof difyVersions;

export const difyVersionNames = Object.keys(difyVersions) as [DifyVersionName, ...DifyVersionName[]];

export function difyVersion(name: DifyVersionName): DifyVersion {
  return difyVersions[name];
}
