import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { ClusterSettings } from "../../config/cluster.ts";
import type { DifySettings } from "../../config/dify.ts";
import { workloadLabels } from "../workload/labels.ts";
import { StatelessWorkload } from "../workload/stateless.ts";
import { difyAddresses, difyPorts } from "./addresses.ts";
import { difyImages } from "./images.ts";
import { sandboxProbes } from "./probes.ts";
import { drainFirst, shortTermination } from "./termination.ts";

export interface SandboxArgs {
  readonly cluster: ClusterSettings;
  /** A namespace apart: no other part of Dify needs what the sandbox is allowed. */
  readonly namespace: pulumi.Input<string>;
  readonly settings: DifySettings;
  /** Key that the API shows. */
  readonly key: pulumi.Input<string>;
}

/** What it takes to put code of users into a chroot under a user of its own, and to end it: all within Pod Security "baseline". */
const capabilities = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "SETGID", "SETUID", "SYS_CHROOT"];

/** Runs the code of users, in a chroot with a list of allowed system calls, and without a network but the proxy. */
export class Sandbox extends pulumi.ComponentResource {
  constructor(name: string, args: SandboxArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:dify:Sandbox", name, {}, opts);
    const { cluster, namespace, settings } = args;
    const { replicas, resources, workers, timeoutSeconds } = settings.sandbox;
    const termination = shortTermination(timeoutSeconds + 5);
    const proxy = difyAddresses(cluster).ssrfProxy;
    const secret = new k8s.core.v1.Secret(
      "sandbox",
      {
        metadata: { name: "sandbox", namespace, labels: { ...workloadLabels("sandbox") } },
        stringData: { API_KEY: args.key },
      },
      { parent: this },
    );
    new StatelessWorkload(
      "sandbox",
      {
        cluster,
        namespace,
        nodes: settings.nodes,
        replicas,
        ports: { http: difyPorts.sandbox },
        // It takes rights away from the code that it starts, which only root can.
        runAs: { user: 0, group: 0 },
        containers: [
          {
            name: "sandbox",
            image: difyImages(settings).sandbox,
            resources,
            env: {
              API_KEY: { secret: "sandbox", key: "API_KEY" },
              GIN_MODE: "release",
              SANDBOX_PORT: `${difyPorts.sandbox}`,
              WORKER_TIMEOUT: `${timeoutSeconds}`,
              MAX_WORKERS: `${workers}`,
              ENABLE_NETWORK: "true",
              HTTP_PROXY: proxy,
              HTTPS_PROXY: proxy,
            },
            ports: [{ name: "http", containerPort: difyPorts.sandbox }],
            // Its entrypoint unpacks Node into /opt and builds the chroots in /var/sandbox.
            security: { readOnlyRootFilesystem: false, capabilities: { drop: ["ALL"], add: capabilities } },
            lifecycle: drainFirst(termination),
            ...sandboxProbes,
          },
        ],
        reads: [secret],
        graceSeconds: termination.grace,
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}
