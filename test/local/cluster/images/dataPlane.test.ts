import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { withAccounts, withGroups } from "../../../../local/cluster/images/accounts.ts";
import { dataPlane, layOutDataPlane } from "../../../../local/cluster/images/dataPlane.ts";
import { localSettings } from "../../../../local/cluster/images/localSettings.ts";
import { rootfsFolder } from "../../../../local/debian/rootfs.ts";
import { ensurePrograms, toolchainPrograms } from "../../../../local/prepare.ts";
import { usesDebian } from "../../../support/debian.ts";

describe("accounts of an image", () => {
  const ours = [{ name: "postgres", id: 1000 }];

  it("take the place of those that have their name or their number", () => {
    const passwd =
      "root:x:0:0:root:/root:/bin/bash\npostgres:x:104:106::/var:/bin/bash\nother:x:1000:1000::/:/bin/sh\n";
    expect(withAccounts(passwd, ours)).toBe(
      "root:x:0:0:root:/root:/bin/bash\npostgres:x:1000:1000::/home/postgres:/bin/sh\n",
    );
  });
  it("have groups of their own", () =>
    expect(withGroups("root:x:0:\npostgres:x:106:\n", ours)).toBe("root:x:0:\npostgres:x:1000:\n"));
});

describe("the image of the data plane", { timeout: 60_000 }, () => {
  usesDebian();
  let folder: string;
  const plane = dataPlane(localSettings());

  beforeAll(async () => {
    await ensurePrograms(["etcd", "minio"]);
    folder = await mkdtemp(join(tmpdir(), "dify-ha-image-"));
    await layOutDataPlane(join(folder, "added"), plane, { rootfs: rootfsFolder, programs: toolchainPrograms });
    await mkdir(join(folder, "root"));
  }, 15 * 60_000);
  afterAll(() => rm(folder, { recursive: true }));

  /** Runs a line of shell as a pod's container would: the image's files and PATH, a user by its number, nothing writable but /tmp. */
  async function inImage(user: number, line: string): Promise<string> {
    const layers = `lowerdir=${join(folder, "added")}:${rootfsFolder}`;
    const enter = `mount -t overlay -o ro,${layers} image "$1" && mount -t tmpfs -o mode=1777 tmp "$1/tmp" &&
      mount --rbind /dev "$1/dev" && exec chroot --userspec="$2:$2" --groups="" "$1" env -i PATH="$3" sh -c "$4"`;
    const path = plane.images[0]?.env?.["PATH"] ?? "";
    const args = ["--mount", "sh", "-c", enter, "enter", join(folder, "root"), `${user}`, path, line];
    return (await execa("unshare", args, { all: true })).all;
  }

  it.each([
    [1000, "postgres", "whoami"],
    [1000, "PostgreSQL) 17.", "initdb --version"],
    [1000, "Success", "initdb --pgdata=/tmp/data --no-sync"],
    [1000, "patroni 4.", "patroni --version"],
    [1000, "pgBackRest 2.", "pgbackrest version"],
    [1000, "etcd Version: 3.6", "etcd --version"],
    [1000, "etcdctl version: 3.6", "etcdctl version"],
    [1000, "minio version", "minio --version"],
    [1000, "mc version", "MC_CONFIG_DIR=/tmp mc --version"],
    [1000, "clients", "python3 -c 'import boto3, psycopg2, redis; print(\"clients\")'"],
    [70, "PgBouncer 1.", "pgbouncer --version"],
    [99, "HAProxy version 3.", "haproxy -v"],
    [999, "redis", "whoami"],
    [999, "Redis server v=8.", "redis-server --version"],
    [999, "/usr/bin/redis-sentinel", "command -v redis-sentinel"],
    [999, "redis-cli 8.", "timeout 3 redis-cli --version"],
  ])("gives user %i what says %j", async (user, said, line) => expect(await inImage(user, line)).toContain(said));

  it("gives each account its home", async () => {
    for (const { id, name } of plane.accounts) {
      expect(await inImage(id, `stat -c %u:%g /home/${name}`)).toBe(`${id}:${id}`);
    }
  });
});

describe("names of the data plane's images", () => {
  const settings = localSettings();

  it("follow the settings", () => {
    const { redis } = settings;
    if (redis.backend !== "sentinel") throw new Error("the local stack has Redis of its own");
    const other = dataPlane({ ...settings, redis: { ...redis, image: "mirror.example.com/redis:9" } });
    const names = other.images.flatMap((image) => image.names);
    expect(names).toContain("mirror.example.com/redis:9");
    expect(names).not.toContain("docker.io/library/redis:8.0.2");
  });

  it("start the object store by themselves, since its pods only give arguments", () => {
    const served = dataPlane(settings).images.filter(({ entrypoint }) => entrypoint);
    expect(served).toMatchObject([{ names: [expect.stringContaining("silo")], entrypoint: ["minio"] }]);
  });
});
