import { beforeAll, describe, expect, it } from "vitest";
import { expectUnharmed } from "../../support/bars.ts";
import { endure, type Fault } from "../../support/fault.ts";
import { deletePod, podNamed, podsOf, type Pod } from "../../support/kubernetes.ts";
import { minio, minioWorkloads } from "../../support/minio.ts";
import { powerCut, zoneCut } from "../../support/nodes.ts";
import { leaderPod } from "../../support/patroni.ts";
import { killContainer } from "../../support/processes.ts";
import { proxyOfClients } from "../../support/proxies.ts";
import { masterPod } from "../../support/redis.ts";
import { runningStack, type Stack } from "../../support/stack.ts";

/** The workload's clients: so many requests can be under way when something breaks, and only those may fail. */
const inFlight = 4;
/** A server that ends tells its peers, in seconds. */
const endBar = 5;
/** Nobody tells of a lost host: peers and proxies must find out, at the default of objectStore.deadPeer. In seconds. */
const lossBar = 20;

describe("the object store", () => {
  let stack: Stack;
  beforeAll(() => {
    stack = runningStack();
  });

  /** A server whose node leads neither Postgres nor Redis: what is measured is the object store. */
  async function serverApart(): Promise<Pod> {
    const leaders = [await leaderPod(stack), await masterPod(stack)].map(({ node }) => node);
    const server = (await podsOf(stack, minioWorkloads.servers)).find(({ node }) => !leaders.includes(node));
    if (!server) throw new Error("Every node leads something.");
    return server;
  }

  async function endureWithout(fault: Omit<Fault, "subject">, writeGap: number): Promise<void> {
    const figures = await endure(stack, { subject: minio, ...fault });
    expectUnharmed(figures, { writeGap });
    expect.soft(figures.errors, "requests that failed").toBeLessThanOrEqual(inFlight);
  }

  it("goes on when a server is killed", async () => {
    const { name } = await serverApart();
    await endureWithout(
      {
        name: "MinIO killed",
        inject: async () => killContainer(await podNamed(stack, minioWorkloads.servers, name), "minio"),
      },
      endBar,
    );
  });

  it("goes on when a server's pod is deleted", async () => {
    const { name } = await serverApart();
    await endureWithout({ name: "MinIO's pod deleted", inject: () => deletePod(stack, name) }, endBar);
  });

  it("goes on when a server's node loses power", async () => {
    const { node } = await serverApart();
    await endureWithout({ name: "MinIO's node lost", ...powerCut(stack, node) }, lossBar);
  });

  it("goes on when a zone is lost", async () => {
    const { node } = await serverApart();
    await endureWithout({ name: "MinIO's zone lost", ...zoneCut(stack, node) }, lossBar);
  });

  it("goes on when the proxy of its clients' node is killed", async () => {
    await endureWithout(
      {
        name: "MinIO's HAProxy killed",
        inject: async () => killContainer(await proxyOfClients(stack, minioWorkloads.proxies), "haproxy"),
      },
      endBar,
    );
  });
});
