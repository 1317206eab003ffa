import * as pulumi from "@pulumi/pulumi";
import type { ClusterSettings } from "../../config/cluster.ts";
import type { PatroniSettings } from "../../config/postgres.ts";
import type { CertificateAuthority } from "../network/certificates.ts";
import { configurationFiles, secretFiles } from "../workload/configuration.ts";
import { memberService } from "../workload/service.ts";
import { StatefulWorkload } from "../workload/stateful.ts";
import { certificateNames, keyMode, lastingHosts, membersOf, names, ports } from "./layout.ts";
import { memberContainers, memberVolumes, voterScripts } from "./memberPod.ts";
import { clusterFile, fetchLog, memberFile } from "./patroniConfig.ts";
import type { Repository } from "./repository.ts";
import { script } from "./scripts.ts";

export interface PatroniMembersArgs {
  readonly cluster: ClusterSettings;
  readonly namespace: pulumi.Input<string>;
  readonly settings: PatroniSettings;
  readonly authority: CertificateAuthority;
  readonly repository: Repository;
  /** Shown by those that change the cluster through Patroni's REST API. */
  readonly patroniPassword: pulumi.Input<string>;
  /** The store of the leader's lock; and what else must be there before the first pod starts. */
  readonly after: readonly pulumi.Input<pulumi.Resource>[];
}

/**
 * Postgres servers under Patroni, one of them the primary. What all members must agree on lies in etcd: its file is no reason to
 * restart anybody, see Bootstrap. What each member has for itself rolls them when it changes.
 */
export class PatroniMembers extends pulumi.ComponentResource {
  readonly workload: StatefulWorkload;

  constructor(name: string, args: PatroniMembersArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:postgres:PatroniMembers", name, {}, opts);
    const { cluster, namespace, settings, repository } = args;
    const files = { namespace, workload: names.members };
    const child = { parent: this };

    const certificate = args.authority.issue(
      names.members,
      // Clients that come through the proxy call it by its name, and are led here.
      {
        namespace,
        dnsNames: [
          ...certificateNames("members", cluster),
          ...lastingHosts("members", settings.members, cluster),
          ...certificateNames("proxy", cluster),
        ],
      },
      child,
    );
    const shared = configurationFiles(
      "postgres-config",
      { ...files, files: { "patroni.yml": clusterFile(settings) } },
      child,
    );
    const etcd = lastingHosts("etcd", settings.etcd.members, cluster);
    const own = configurationFiles(
      "postgres-member",
      { ...files, files: { "member.yml": memberFile(settings, etcd) } },
      child,
    );
    const scripts = configurationFiles(
      "postgres-scripts",
      { ...files, files: Object.fromEntries(memberScripts.map((file) => [file, script(file)])) },
      child,
    );
    const password = secretFiles("patroni", { ...files, files: { password: args.patroniPassword } }, child);

    this.workload = new StatefulWorkload(
      names.members,
      {
        cluster,
        namespace,
        replicas: settings.members,
        ports: ports.member,
        claims: { data: settings.storage },
        backup: "pgbackrest",
        runAs: { user: settings.user, group: settings.user },
        // A fast shutdown writes a checkpoint, and the log until then is archived.
        graceSeconds: 120,
        containers: memberContainers({
          cluster,
          settings,
          patroniPassword: { secret: password.metadata.name, key: "password" },
          repository,
        }),
        volumes: [
          ...memberVolumes,
          {
            name: "config",
            projected: {
              sources: [{ configMap: { name: shared.metadata.name } }, { configMap: { name: own.metadata.name } }],
            },
          },
          { name: "scripts", configMap: { name: scripts.metadata.name } },
          { name: "tls", secret: { secretName: certificate.secret.metadata.name, defaultMode: keyMode } },
          ...repository.volumes(repository.config),
        ],
        reads: [own, scripts, password, certificate.secret, repository.config, ...repository.reads],
        after: args.after,
        timeoutSeconds: 1200,
      },
      child,
    );
    for (const { name: member } of membersOf("members", settings.members, cluster))
      memberService(member, { namespace, workload: names.members, ports: { patroni: ports.member.patroni } }, child);
    this.registerOutputs({ statefulSet: this.workload.statefulSet.metadata.name });
  }
}

const memberScripts = ["start-member.sh", "restore-member.sh", "identity.py", fetchLog, ...voterScripts] as const;
