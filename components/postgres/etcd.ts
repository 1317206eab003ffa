import * as pulumi from "@pulumi/pulumi";
import type { ClusterSettings } from "../../config/cluster.ts";
import type { PatroniSettings } from "../../config/postgres.ts";
import type { CertificateAuthority } from "../network/certificates.ts";
import { namespaceNames } from "../network/namespaces.ts";
import { memberService, serviceDomain } from "../workload/service.ts";
import { StatefulWorkload } from "../workload/stateful.ts";
import { etcdArguments } from "./etcdConfig.ts";
import { certificateNames, hostOf, keyMode, lastingHosts, membersOf, names, ports } from "./layout.ts";
import { failoverTiming } from "./timing.ts";

export interface EtcdArgs {
  readonly cluster: ClusterSettings;
  readonly namespace: pulumi.Input<string>;
  readonly settings: Pick<PatroniSettings, "etcd" | "timing" | "proxy">;
  readonly authority: CertificateAuthority;
  /** What must be there before the first pod starts. */
  readonly after?: readonly pulumi.Input<pulumi.Resource>[];
}

const folders = { data: "/var/lib/etcd", tls: "/etc/etcd-tls" } as const;

/** Any account does: the image's programs belong to everybody. */
const user = 1000;

/**
 * The store of Patroni's leader lock: a majority of its members decides who leads. Members know each other and their clients by
 * certificate. What it holds is small, and Patroni writes it anew: but not who was the last leader, so it is backed up.
 */
export class Etcd extends pulumi.ComponentResource {
  readonly workload: StatefulWorkload;

  constructor(name: string, args: EtcdArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:postgres:Etcd", name, { settings: args.settings.etcd }, opts);
    const { cluster, namespace, settings, authority } = args;
    const { etcd } = settings;
    const certificate = authority.issue(
      names.etcd,
      {
        namespace,
        dnsNames: [...certificateNames("etcd", cluster), ...lastingHosts("etcd", etcd.members, cluster)],
        ipAddresses: ["127.0.0.1"],
      },
      { parent: this },
    );
    // A drain ends all pods of a node at once. The Postgres among them asks just once to give its lock away: without an answer it lasts for the ttl.
    const linger = failoverTiming(settings).primaryStopTimeout + 2;
    const health = (path: string) => ({ httpGet: { path, port: ports.etcd.metrics }, timeoutSeconds: 5 });
    this.workload = new StatefulWorkload(
      names.etcd,
      {
        cluster,
        namespace,
        replicas: etcd.members,
        ports: { client: ports.etcd.client, peer: ports.etcd.peer, metrics: ports.etcd.metrics },
        claims: { data: etcd.storage },
        backup: "etcd-snapshot",
        runAs: { user, group: user },
        graceSeconds: linger + 20,
        containers: [
          {
            name: "etcd",
            image: etcd.image,
            command: ["etcd"],
            args: etcdArguments({
              members: membersOf("etcd", etcd.members, cluster),
              name: "$(POD_NAME)",
              domain: hostOf("etcd", cluster),
              clientDomain: serviceDomain(namespaceNames(cluster).data),
              dataDir: `${folders.data}/member`,
              tls: folders.tls,
              commonName: names.etcd,
            }),
            env: { POD_NAME: { field: "metadata.name" } },
            mounts: { [folders.data]: { volume: "data" }, [folders.tls]: { volume: "tls", readOnly: true } },
            resources: etcd.resources,
            ports: Object.entries(ports.etcd).map(([port, containerPort]) => ({ name: port, containerPort })),
            lifecycle: { preStop: { sleep: { seconds: linger } } },
            // A member that waits for its peers is alive; one that has no leader is not ready.
            startupProbe: { ...health("/livez"), periodSeconds: 2, failureThreshold: 90 },
            livenessProbe: { ...health("/livez"), periodSeconds: 10, failureThreshold: 6 },
            readinessProbe: { ...health("/readyz"), periodSeconds: 5, failureThreshold: 2 },
          },
        ],
        volumes: [{ name: "tls", secret: { secretName: certificate.secret.metadata.name, defaultMode: keyMode } }],
        reads: [certificate.secret],
        after: [...(args.after ?? [])],
      },
      { parent: this },
    );
    for (const { name: member } of membersOf("etcd", etcd.members, cluster))
      memberService(
        member,
        { namespace, workload: names.etcd, ports: { client: ports.etcd.client } },
        { parent: this },
      );
    this.registerOutputs({ statefulSet: this.workload.statefulSet.metadata.name });
  }
}
