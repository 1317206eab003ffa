import { createHash } from "node:crypto";
import { Agent } from "node:https";
import type { Readable } from "node:stream";
import {
  DeleteObjectCommand,
  GetObjectCommand,
  GetObjectRetentionCommand,
  ListObjectsV2Command,
  NoSuchKey,
  PutObjectCommand,
  S3Client,
  type GetObjectCommandOutput,
  type ListObjectsV2CommandOutput,
} from "@aws-sdk/client-s3";
import type { KubeConfig } from "@kubernetes/client-node";
import { messageOf } from "../../local/failure.ts";
import { clusterProblem } from "../cluster.ts";
import { forwardService, serviceOf, type Forward } from "./forward.ts";

/** Where a bucket is, and the keys of its user. */
export interface BucketAddress {
  readonly endpoint: string;
  readonly region: string;
  readonly addressing: "path" | "virtual";
  readonly bucket: string;
  readonly accessKey: string;
  readonly secretKey: string;
  /** PEM of the authority that signed the server's certificate. @default a public one */
  readonly authority?: string | undefined;
}

/** Size and content of an object. */
export interface Digest {
  readonly bytes: number;
  readonly sha256: string;
}

/** An object as a listing tells of it. */
export interface Listed {
  readonly key: string;
  /** When it was written, by the store's clock. */
  readonly written: Date;
}

interface Connection {
  readonly client: S3Client;
  readonly forward: Forward | undefined;
}

/**
 * A bucket, reached from wherever this runs: one whose store is inside the cluster by a port-forward, under its own name, so that its
 * certificate is checked as by any client. Every question fails with one line that says why.
 */
export class Bucket {
  readonly name: string;
  readonly #address: BucketAddress;
  readonly #cluster: () => KubeConfig;
  #connection: Promise<Connection> | undefined;

  /** @param cluster Asked for only when the store is inside it. */
  constructor(address: BucketAddress, cluster: () => KubeConfig) {
    this.name = address.bucket;
    this.#address = address;
    this.#cluster = cluster;
  }

  /** Keys that begin so. @param most Stops there. */
  async keys(prefix: string, most = Infinity): Promise<string[]> {
    return (await this.objects(prefix, most)).map(({ key }) => key);
  }

  /** Objects whose keys begin so, sorted by them. @param most Stops there. */
  async objects(prefix: string, most = Infinity): Promise<Listed[]> {
    const pages = await this.#list({ prefix }, most);
    return pages.flatMap(({ Contents = [] }) =>
      Contents.flatMap(({ Key, LastModified }) => (Key && LastModified ? { key: Key, written: LastModified } : [])),
    );
  }

  /** Names of the folders in a folder ("redis/"), sorted. */
  async folders(folder: string): Promise<string[]> {
    const pages = await this.#list({ prefix: folder, delimiter: "/" });
    return pages.flatMap(({ CommonPrefixes = [] }) =>
      CommonPrefixes.flatMap(({ Prefix }) => Prefix?.slice(folder.length, -1) ?? []),
    );
  }

  /** Until when nobody can delete or change the newest version of an object; undefined when it is not locked. */
  async lockedUntil(key: string): Promise<Date | undefined> {
    return this.#ask(async (client) => {
      try {
        const { Retention } = await client.send(new GetObjectRetentionCommand({ Bucket: this.name, Key: key }));
        return Retention?.RetainUntilDate;
      } catch (error) {
        if (error instanceof Error && notLocked.includes(error.name)) return undefined;
        throw error;
      }
    });
  }

  async #list(
    { prefix, delimiter }: { readonly prefix: string; readonly delimiter?: string },
    most = Infinity,
  ): Promise<ListObjectsV2CommandOutput[]> {
    const pages: ListObjectsV2CommandOutput[] = [];
    let from: string | undefined;
    let count = 0;
    do {
      const page = await this.#ask((client) =>
        client.send(
          new ListObjectsV2Command({
            Bucket: this.name,
            Prefix: prefix,
            Delimiter: delimiter,
            ContinuationToken: from,
            MaxKeys: Math.min(most, 1000),
          }),
        ),
      );
      pages.push(page);
      count += page.Contents?.length ?? 0;
      from = page.NextContinuationToken;
    } while (from !== undefined && count < most);
    return pages;
  }

  /** The text of an object; undefined when it is not there. */
  async text(key: string): Promise<string | undefined> {
    return this.#ask(async (client) => (await get(client, this.name, key))?.Body?.transformToString());
  }

  /** Reads an object to its end, without keeping it; undefined when it is not there. @param read Told how many bytes were read so far. */
  async digest(key: string, read: (bytes: number) => void = () => undefined): Promise<Digest | undefined> {
    return this.#ask(async (client) => {
      const object = await get(client, this.name, key);
      if (!object) return undefined;
      const hash = createHash("sha256");
      let bytes = 0;
      for await (const chunk of object.Body as Readable) {
        hash.update(chunk as Buffer);
        bytes += (chunk as Buffer).length;
        read(bytes);
      }
      return { bytes, sha256: hash.digest("hex") };
    });
  }

  async put(key: string, text: string, type = "application/json"): Promise<void> {
    const object = { Bucket: this.name, Key: key, Body: text, ContentType: type };
    await this.#ask((client) => client.send(new PutObjectCommand(object)));
  }

  /** Marks an object as deleted: in a bucket with versions its former ones stay. */
  async remove(key: string): Promise<void> {
    await this.#ask((client) => client.send(new DeleteObjectCommand({ Bucket: this.name, Key: key })));
  }

  /** Ends connections. */
  async close(): Promise<void> {
    const connection = await this.#connection?.catch(() => undefined);
    connection?.client.destroy();
    connection?.forward?.close();
  }

  async #ask<T>(question: (client: S3Client) => Promise<T>): Promise<T> {
    const { client, forward } = await (this.#connection ??= connect(this.#address, this.#cluster));
    try {
      return await question(client);
    } catch (error) {
      throw new Error(forward?.problem() ?? reasonOf(error));
    }
  }
}

/** How stores word that an object, or its bucket, has no lock. */
const notLocked = ["NoSuchObjectLockConfiguration", "ObjectLockConfigurationNotFoundError", "InvalidRequest"];

async function connect(address: BucketAddress, cluster: () => KubeConfig): Promise<Connection> {
  const { endpoint, region, addressing, accessKey, secretKey, authority } = address;
  const service = serviceOf(endpoint);
  const config = service && cluster();
  const forward =
    service &&
    config &&
    (await forwardService(config, service).catch((error: unknown) => {
      throw new Error(clusterProblem(error, config));
    }));
  const agent = new Agent({
    keepAlive: true,
    ...(authority !== undefined && { ca: authority }),
    // In place of the URL's own; the certificate must still have the URL's.
    ...(forward && { host: "127.0.0.1", port: forward.port, servername: new URL(endpoint).hostname }),
  });
  const client = new S3Client({
    endpoint,
    region,
    forcePathStyle: addressing === "path",
    credentials: { accessKeyId: accessKey, secretAccessKey: secretKey },
    maxAttempts: 2,
    requestHandler: {
      httpsAgent: agent,
      connectionTimeout: 5_000,
      requestTimeout: 20_000,
      throwOnRequestTimeout: true,
    },
  });
  return { client, forward };
}

async function get(client: S3Client, bucket: string, key: string): Promise<GetObjectCommandOutput | undefined> {
  try {
    return await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  } catch (error) {
    if (error instanceof NoSuchKey) return undefined;
    throw error;
  }
}

/** The code of an error says more than its text: "NoSuchBucket", "InvalidAccessKeyId". */
function reasonOf(error: unknown): string {
  const text = messageOf(error);
  const code = error instanceof Error ? error.name : "";
  return code === "Error" || code === "" || text.includes(code) ? text : `${code}: ${text}`;
}
