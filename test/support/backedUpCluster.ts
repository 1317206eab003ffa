import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { paths } from "../../components/postgres/layout.ts";
import { BackupStore } from "./backupStore.ts";
import { declareBackups } from "./backupSample.ts";
import { openNetwork, type DebianProgram, type DebianResult, type RunningProgram } from "./debian.ts";
import type { Declared } from "./mocks.ts";
import { PostgresCluster } from "./postgresCluster.ts";
import { addressOf, areas, issueClusterCertificates, smallSettings, tlsVolume, type Party } from "./postgresSample.ts";
import { containerProgram, podSpec } from "./renderedPod.ts";
import type { Certificate } from "./servers/certificates.ts";

type ChangedProgram = Omit<DebianProgram, "network">;
type Network = Awaited<ReturnType<typeof openNetwork>>;

/** What of a container is other than it was declared. */
export interface Change {
  readonly env?: Record<string, string>;
  readonly files?: Record<string, string>;
}

/** What a cluster has beside the smallest. */
export interface Beside {
  /** Settings of Postgres. */
  readonly postgres?: Record<string, unknown>;
  /** @default 1 */
  readonly poolers?: 1 | 2;
  /** Connections that clients open at once. */
  readonly connections?: number;
  /** Lines for /etc/hosts. */
  readonly others?: readonly string[];
  /** Settings of drills. @default no drills */
  readonly drills?: Record<string, unknown>;
  /** Whether jobs tell their figures. @default false */
  readonly figures?: boolean;
}

/** Postgres under Patroni with two MinIO sites on a loopback of their own, and the jobs of backups as the program declares them. */
export class BackedUpCluster {
  readonly cluster: PostgresCluster;
  /** The cluster's own, and the one off site. */
  readonly stores: readonly [BackupStore, BackupStore];
  private readonly network: Network;
  private readonly certificates: Record<Party, Certificate>;
  readonly resources: readonly Declared[];
  /** Folder that the containers of all jobs share. */
  readonly outbox: string;
  /** Folder that the containers of all drills share. */
  readonly scratch: string;
  private readonly poolers: number;

  /** Brings all of it up: the log is archived into both sites. */
  static async start({
    postgres = {},
    poolers = 1,
    connections,
    others = [],
    drills,
    figures,
  }: Beside): Promise<BackedUpCluster> {
    const network = await openNetwork();
    const certificates = await issueClusterCertificates();
    const resources = await declareBackups({ authority: certificates.minio.authority, postgres, drills, figures });
    const outbox = await mkdtemp(join(tmpdir(), "outbox-"));
    const scratch = await mkdtemp(join(tmpdir(), "drill-"));
    for (const folder of [outbox, scratch]) await chmod(folder, 0o777);
    const settings = smallSettings(postgres);
    const cluster = new PostgresCluster({ settings, network, certificates, sites: 2, poolers, connections, others });
    const backedUp = new BackedUpCluster(cluster, { network, certificates, resources, outbox, scratch, poolers });
    await backedUp.bringUp().catch(async (error: unknown) => {
      await backedUp.stop();
      throw error;
    });
    return backedUp;
  }

  private constructor(
    cluster: PostgresCluster,
    parts: {
      readonly network: Network;
      readonly certificates: Record<Party, Certificate>;
      readonly resources: readonly Declared[];
      readonly outbox: string;
      readonly scratch: string;
      readonly poolers: number;
    },
  ) {
    this.cluster = cluster;
    ({
      network: this.network,
      certificates: this.certificates,
      resources: this.resources,
      outbox: this.outbox,
      scratch: this.scratch,
      poolers: this.poolers,
    } = parts);
    const { minio } = this.certificates;
    this.stores = [new BackupStore(cluster, minio, 0), new BackupStore(cluster, minio, 1)];
  }

  private async bringUp(): Promise<void> {
    this.cluster.startProxy();
    for (let i = 0; i < this.poolers; i++) this.cluster.startPooler(i);
    await this.stores[1].start();
    await this.bringUpAgain();
  }

  /** A new cluster with an empty store of its own, beside what is off site: after the loss of the first. */
  async bringUpAgain(): Promise<void> {
    const { cluster } = this;
    for (const i of [0, 1, 2]) cluster.startEtcd(i);
    for (const i of [0, 1, 2]) cluster.startMember(i);
    await this.stores[0].start();
    const stanza = this.resources.find((r) => r.type.endsWith(":Job") && r.name.startsWith("postgres-stanza"))?.name;
    for (const step of [
      () => cluster.configure(cluster.settings),
      () => cluster.bootstrap(),
      () => cluster.run({ ...this.program(stanza ?? "", "stanza", { kind: "Job" }), timeoutSeconds: 200 }),
    ]) {
      const { exitCode, stdout, stderr } = await step();
      if (exitCode !== 0) throw new Error(stdout + stderr);
    }
  }

  async stop(): Promise<void> {
    await this.cluster.stop();
    await this.network.close();
    for (const folder of [this.outbox, this.scratch]) await rm(folder, { recursive: true });
  }

  /** A container of a job, as a program that reaches the cluster. */
  program(
    job: string,
    container: string,
    { kind = "CronJob", env, files }: Change & { readonly kind?: "Job" | "CronJob" } = {},
  ): ChangedProgram {
    const rendered = containerProgram(this.resources, podSpec(this.resources, kind, job), container);
    return {
      ...rendered,
      env: { ...rendered.env, ...env },
      files: { ...rendered.files, ...tlsVolume(paths.tls, this.certificates["postgres-backup"]), ...files },
      folders: { "/outbox": this.outbox, "/drill": this.scratch },
    };
  }

  /** What resumes a pooler beside it, when nobody else does. */
  startResumer(index: number): RunningProgram {
    const pod = podSpec(this.resources, "Deployment", "pgbouncer");
    const { env, files, ...program } = containerProgram(this.resources, pod, "resume");
    return this.cluster.start(`resume-${index}`, {
      ...program,
      env: { ...env, PGHOSTADDR: addressOf(areas.pooler, index) },
      files: { ...files, ...tlsVolume("/etc/pgbouncer-tls", this.certificates.pgbouncer) },
    });
  }

  /** Runs a container of a CronJob to its end. */
  run(job: string, container: string, change?: Change): Promise<DebianResult> {
    // Most take seconds; a restore on two busy cores took minutes.
    return this.cluster.run({ ...this.program(job, container, change), timeoutSeconds: 500 });
  }
}
