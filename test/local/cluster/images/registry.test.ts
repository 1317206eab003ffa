import { readFile, rm } from "node:fs/promises";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { bakedStore } from "../../../../local/cluster/images/bake.ts";
import { localSettings } from "../../../../local/cluster/images/localSettings.ts";
import { difyImageNames, pullImages } from "../../../../local/cluster/images/registry.ts";
import { writeLayout } from "../../../../local/cluster/images/oci.ts";
import { usesDebian } from "../../../support/debian.ts";
import { namesIn, smallBakery } from "./bakery.ts";

usesDebian();

interface Index {
  readonly manifests: readonly { readonly digest: string; readonly mediaType: string }[];
}

/** Serves the one image of a layout under any name, as a registry does. */
function registryOf(layout: string): RequestListener {
  const read = async (url: string): Promise<{ body: Buffer; type: string; digest: string }> => {
    const { manifests } = JSON.parse(await readFile(join(layout, "index.json"), "utf8")) as Index;
    const [manifest] = manifests;
    if (!manifest) throw new Error("no image");
    const asked = /\/(manifests|blobs)\/([^/]+)$/.exec(url);
    const digest = asked?.[2]?.startsWith("sha256:") ? asked[2] : manifest.digest;
    const body = await readFile(join(layout, "blobs/sha256", digest.replace("sha256:", "")));
    return { body, digest, type: asked?.[1] === "manifests" ? manifest.mediaType : "application/octet-stream" };
  };
  return (request, response) => {
    if (request.url === "/v2/") return void response.end("{}");
    read(request.url ?? "").then(
      ({ body, type, digest }) => {
        response.writeHead(200, {
          "content-type": type,
          "content-length": body.length,
          "docker-content-digest": digest,
        });
        response.end(request.method === "HEAD" ? undefined : body);
      },
      () => response.writeHead(404).end(),
    );
  };
}

describe("images from a registry", () => {
  let bakery: Awaited<ReturnType<typeof smallBakery>>;
  let baked: string;
  let server: Server;
  let asked: string[];

  /** Starts a registry; returns the name of an image in it. */
  async function registry(answer: RequestListener): Promise<string> {
    asked = [];
    server = createServer((request, response) => {
      asked.push(request.url ?? "");
      answer(request, response);
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    return `127.0.0.1:${(server.address() as AddressInfo).port}/langgenius/dify-api:1`;
  }

  beforeAll(async () => {
    bakery = await smallBakery();
    baked = await bakedStore(bakery, () => undefined);
    await writeLayout(join(bakery.home, "layout"), [
      { names: ["example.com/dify:1"], layers: [{ folder: bakery.programs }], entrypoint: ["/etcd"] },
    ]);
  }, 60_000);
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });
  afterAll(() => rm(bakery.home, { recursive: true }));

  it("are pulled beside those that are there, once", { timeout: 60_000 }, async () => {
    const name = await registry(registryOf(join(bakery.home, "layout")));
    const before = await namesIn(baked);
    const seen: string[] = [];
    const first = await pullImages(baked, [name], (line) => seen.push(line));
    expect(first).toEqual({ difyImages: "pulled", reason: `all 1 images came from ${name.split("/")[0]}` });
    expect(seen).toEqual([`pulling ${name} (1 of 1)`]);
    expect((await namesIn(baked)).toSorted()).toEqual([...before, name].toSorted());

    const requests = asked.length;
    expect(await pullImages(baked, [name], () => undefined)).toEqual(first);
    expect(asked).toHaveLength(requests);
  });

  it.each<[string, RequestListener, string]>([
    ["is out of order", (_, response) => response.writeHead(503).end(), "answers with status 503"],
    ["does not answer", () => undefined, "does not answer within 3 s"],
    ["closes the connection", (request) => request.socket.destroy(), "cannot be reached (fetch failed"],
  ])("stay away when the registry %s", async (_, answer, reason) => {
    const name = await registry(answer);
    expect(await pullImages(baked, [name], () => undefined)).toEqual({
      difyImages: "unreachable",
      reason: expect.stringContaining(`the registry ${name.split("/")[0]} ${reason}`) as string,
    });
  });

  it("stay away when the registry has them not, and the store is as it was", { timeout: 60_000 }, async () => {
    const name = await registry((request, response) =>
      request.url === "/v2/" ? response.writeHead(401).end() : response.writeHead(404).end(),
    );
    const before = await namesIn(baked);
    const { difyImages, reason } = await pullImages(baked, [name], () => undefined);
    expect(difyImages).toBe("unreachable");
    expect(reason).toMatch(new RegExp(`^${name} could not be pulled: .*not found`));
    expect(await namesIn(baked)).toEqual(before);
  });
});

describe("Dify's images", () => {
  it("include the agents' only where these run", () => {
    const { dify } = localSettings();
    const names = (enabled: boolean) => difyImageNames({ ...dify, agent: { ...dify.agent, enabled } }).join(" ");
    expect(names(false)).toContain("docker.io/langgenius/dify-api:");
    expect(names(false)).not.toContain("agent");
    expect(names(true)).toContain("dify-agent-backend");
  });
});
