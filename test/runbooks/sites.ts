import type { BucketAddress } from "../../runbooks/objectStore/bucket.ts";
import { Bucket } from "../../runbooks/objectStore/bucket.ts";
import { runInDebian } from "../support/debian.ts";
import {
  issueCertificates,
  loopbackNames,
  startMinio,
  type Certificate,
  type MinioServer,
} from "../support/servers.ts";

/** A real MinIO with TLS whose buckets, locked as those of backups are, stand for those of two sites. */
export interface Sites {
  readonly minio: MinioServer;
  readonly certificate: Certificate;
  /** Where a bucket is, for its user. */
  address(bucket: string): BucketAddress;
  /** A bucket as runbooks use it. */
  bucket(bucket: string, changes?: Partial<BucketAddress>): Bucket;
  /** Writes an object by other means than the code under test. */
  put(path: string, text: string): Promise<void>;
  remove(path: string): Promise<void>;
  stop(): Promise<void>;
}

/** @param names Beside loopback, what the server's certificate is for. */
export async function startSites(buckets: readonly string[], names: readonly string[] = []): Promise<Sites> {
  const { store: certificate } = await issueCertificates({ store: [...loopbackNames, ...names] });
  const minio = await startMinio({ tls: certificate });
  for (const bucket of buckets) {
    await minio.mc("--quiet", "mb", "--with-lock", `store/${bucket}`);
    await minio.mc("--quiet", "retention", "set", "--default", "COMPLIANCE", "1d", `store/${bucket}`);
  }
  const opened: Bucket[] = [];
  const address = (bucket: string): BucketAddress => ({
    endpoint: minio.endpoint,
    region: "us-east-1",
    addressing: "path",
    bucket,
    accessKey: minio.rootUser,
    secretKey: minio.rootPassword,
    authority: certificate.authority,
  });
  return {
    minio,
    certificate,
    address,
    bucket(bucket, changes = {}) {
      const made = new Bucket({ ...address(bucket), ...changes }, () => {
        throw new Error("this store is not in a cluster");
      });
      opened.push(made);
      return made;
    },
    async put(path, text) {
      const { exitCode, stderr } = await runInDebian({
        argv: ["mc", "--quiet", "pipe", `store/${path}`],
        ...minio.clientOf(),
        stdin: text,
      });
      if (exitCode !== 0) throw new Error(stderr);
    },
    remove: async (path) => void (await minio.mc("--quiet", "rm", `store/${path}`)),
    async stop() {
      await Promise.all(opened.map((each) => each.close()));
      await minio.stop();
    },
  };
}
