import { chmod, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BackupStore } from "./backupStore.ts";
import { openNetwork } from "./debian.ts";
import { NamedNetwork } from "./namedNetwork.ts";
import { addressOf, areas, storeHosts } from "./postgresSample.ts";
import type { Certificate } from "./servers/certificates.ts";

/** The stores of both sites in a network of their own, and the folder that containers of a job hand to each other. */
export class TwoSites {
  readonly named: NamedNetwork;
  readonly stores: readonly [BackupStore, BackupStore];
  /** As root has it here; in a pod, /outbox. */
  readonly outbox: string;
  private readonly close: () => Promise<void>;

  private constructor(named: NamedNetwork, certificate: Certificate, outbox: string, close: () => Promise<void>) {
    this.named = named;
    this.stores = [new BackupStore(named, certificate, 0), new BackupStore(named, certificate, 1)];
    this.outbox = outbox;
    this.close = close;
  }

  /**
   * @param certificate of both stores
   * @param hosts Lines of /etc/hosts for what else runs in the network
   */
  static async start(certificate: Certificate, hosts: readonly string[]): Promise<TwoSites> {
    const network = await openNetwork();
    const stores = storeHosts.map((host, i) => `${addressOf(areas.stores, i)} ${host}`);
    const named = new NamedNetwork(network, [...stores, ...hosts]);
    const outbox = await mkdtemp(join(tmpdir(), "outbox-"));
    await chmod(outbox, 0o777);
    const sites = new TwoSites(named, certificate, outbox, () => network.close());
    await Promise.all(sites.stores.map((store) => store.start()));
    return sites;
  }

  /** Empties the folder, as each job begins with an empty one. */
  async emptyOutbox(): Promise<void> {
    for (const file of await readdir(this.outbox)) await rm(join(this.outbox, file), { recursive: true });
  }

  async stop(): Promise<void> {
    await this.named.stop();
    await this.close();
    await rm(this.outbox, { recursive: true });
  }
}
