import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, it, onTestFinished } from "vitest";
import { ensureRootfs, rootfsIsReady } from "../../../local/debian/rootfs.ts";
import { runInDebian, usesDebian } from "../../support/debian.ts";

usesDebian();

describe("Debian's root file system", () => {
  it("is not built again when it is there", async () => {
    const lines: string[] = [];
    await ensureRootfs((line) => lines.push(line));
    expect(lines).toEqual([]);
  });

  it("counts as missing when it was made from another list of packages", async () => {
    const folder = await mkdtemp(join(tmpdir(), "rootfs-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    await writeFile(join(folder, ".key"), "of another list\n");
    expect(rootfsIsReady(folder)).toBe(false);
  });

  it("says in one line that building it needs root", async () => {
    const rootfs = join(import.meta.dirname, "../../../local/debian/rootfs.ts");
    const script = `import { ensureRootfs } from ${JSON.stringify(rootfs)};
      process.setgid(65534);
      process.setuid(65534);
      await ensureRootfs(undefined, "/nonexistent").catch((error) => console.log(error.message));`;
    const { stdout } = await execa(process.execPath, ["--input-type=module-typescript", "-e", script]);
    expect(stdout).toBe(
      "Debian's programs run in namespaces of their own on Linux, which needs root: repeat this as root.",
    );
  });

  it.each([
    ["patroni --version", "patroni 4."],
    ["python3 -c 'import etcd, Cryptodome.PublicKey.RSA; print(etcd.__name__)'", "etcd"],
    ["/usr/lib/postgresql/17/bin/postgres --version", "17."],
    [
      "ls /usr/share/postgresql/17/extension/vector.control /usr/share/postgresql/17/extension/uuid-ossp.control",
      "vector",
    ],
    ["pgbackrest version", "2.5"],
    ["pgbouncer --version", "PgBouncer 1.2"],
    ["etcd --version && etcdctl version && etcdutl version", "etcd Version: 3.5"],
    ["redis-server --version && redis-sentinel --version && redis-cli --version && command -v redis-check-rdb", "v=8."],
    ["haproxy -v", "version 3.0"],
    ["nginx -v 2>&1", "nginx/1."],
    ["squid -v", "Version 6."],
    ["mc --version", "mc version"],
    ["promtool --version && amtool --version", "promtool, version 2."],
    ["restic version", "restic 0."],
    ["curl --version && openssl version", "curl 8."],
  ])("has what answers to %s", async (command, answer) => {
    const result = await runInDebian({ argv: ["sh", "-c", command] });
    expect(result).toMatchObject({ exitCode: 0, stdout: expect.stringContaining(answer) as string });
  });
});
