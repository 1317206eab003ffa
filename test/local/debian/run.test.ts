import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readlinkSync } from "node:fs";
import { writeFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { openNetwork, runInDebian, startInDebian, usesDebian, type DebianProgram } from "../../support/debian.ts";

usesDebian();

const shell = (script: string): [string, ...string[]] => ["sh", "-c", script];

describe("a program in a Debian of its own", () => {
  it("hands back exit code, standard output and standard error", async () =>
    expect(await runInDebian({ argv: shell("echo out; echo err >&2; exit 3") })).toEqual({
      exitCode: 3,
      stdout: "out\n",
      stderr: "err\n",
    }));

  it("says which program is not there", async () =>
    expect(await runInDebian({ argv: ["no-such-program"] })).toMatchObject({
      exitCode: 127,
      stderr: expect.stringContaining("cannot start no-such-program: No such file") as string,
    }));

  it("reads what it is given", async () =>
    expect((await runInDebian({ argv: ["cat"], stdin: "a line\n" })).stdout).toBe("a line\n"));

  it("gets its files as its user's, closed to others, and scripts executable", async () => {
    const files = {
      "/etc/new/key.pem": "secret",
      "/opt/check": "#!/bin/sh\nstat -c '%U %a' /etc/new /etc/new/key.pem",
    };
    const result = await runInDebian({ argv: ["/opt/check"], files, user: "postgres" });
    expect(result.stdout).toBe("postgres 755\npostgres 600\n");
  });

  it("runs as the numeric user of a pod, able to write to /dev/stdout", async () =>
    expect((await runInDebian({ argv: shell("id -u; id -g; echo written >/dev/stdout"), user: "1001:0" })).stdout).toBe(
      "1001\n0\nwritten\n",
    ));

  it("sees only the environment that it is given", async () => {
    const { stdout } = await runInDebian({ argv: ["env"], env: { PGPORT: "1" } });
    expect(stdout.trim().split("\n").sort()).toEqual([
      "HOME=/root",
      "LANG=C.UTF-8",
      "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      "PGPORT=1",
    ]);
  });

  it("leaves nothing to the next run", async () => {
    await runInDebian({ argv: shell("touch /etc/left /dev/shm/left /tmp/left"), files: { "/srv/left": "" } });
    const seen = await runInDebian({ argv: shell("ls /etc/left /dev/shm/left /tmp/left /srv/left 2>/dev/null") });
    expect(seen.stdout).toBe("");
  });

  it("sees the host's files where they are asked for, but cannot write them", async () => {
    const folder = await mkdtemp(join(tmpdir(), "mounts-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    await writeFile(join(folder, "plan"), "of the host");
    const mounts = { "/usr/local/bin/plan": join(folder, "plan"), "/opt/folder": folder };
    const result = await runInDebian({ argv: shell("cat /usr/local/bin/plan; echo x >/opt/folder/plan"), mounts });
    expect(result).toMatchObject({
      exitCode: 2,
      stdout: "of the host",
      stderr: expect.stringContaining("Read-only") as string,
    });
  });

  it("has every port to itself in a network of its own", async () => {
    const listen =
      "python3 -m http.server 80 --bind 127.0.0.1 & until curl -sf 127.0.0.1:80 -o /dev/null; do sleep 0.1; done; ip -o link";
    const [one, other] = await Promise.all([1, 2].map(() => runInDebian({ argv: shell(listen), network: "own" })));
    expect(one?.exitCode).toBe(0);
    expect(other?.exitCode).toBe(0);
    expect(one?.stdout).not.toContain("eth0");
  });

  it("reaches others in a network that they share, by the names that it is told", async () => {
    const network = await openNetwork();
    onTestFinished(() => network.close());
    const server = startInDebian({
      argv: ["python3", "-u", "-m", "http.server", "80", "--bind", "127.0.0.2"],
      network,
    });
    await server.printed(/Serving HTTP/);
    const get: DebianProgram = {
      argv: ["curl", "-sSI", "http://web"],
      files: { "/etc/hosts": "127.0.0.2 web\n" },
      network,
    };
    expect((await runInDebian(get)).stdout).toContain("200 OK");
    expect((await runInDebian({ ...get, network: "own" })).exitCode).not.toBe(0);
  });

  it("is killed with all its children after its time, and what it printed is told", async () => {
    const run = runInDebian({ argv: shell("echo starting; sleep 1000 & sleep 1000"), timeoutSeconds: 1 });
    await expect(run).rejects.toThrow(/did not end within 1 s; it printed:\nstarting/);
  });

  it("does not wait for what it left running", async () =>
    expect((await runInDebian({ argv: shell("sleep 1000 & echo done") })).stdout).toBe("done\n"));
});

describe("a server in a Debian of its own", () => {
  it("ends orderly when it is stopped", async () => {
    const server = startInDebian({ argv: shell("trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.1; done") });
    await server.printed(/up/);
    expect(await server.stop()).toEqual({ exitCode: 0, stdout: "up\nbye\n", stderr: "" });
  });

  it("is killed when it does not end", async () => {
    const server = startInDebian({
      argv: shell("trap '' TERM; echo up; while :; do sleep 0.1; done"),
      graceSeconds: 1,
    });
    await server.printed(/up/);
    expect((await server.stop()).exitCode).toBe(137);
  });

  it("tells what it printed when it ended too early", async () => {
    const server = startInDebian({ argv: shell("echo no such port >&2; exit 1") });
    await expect(server.printed(/serving/)).rejects.toThrow(
      "sh ended before it printed serving; it printed:\nno such port",
    );
  });

  it("gets signals", async () => {
    const server = startInDebian({ argv: shell("trap 'echo again' HUP; echo up; while :; do sleep 0.1; done") });
    await server.printed(/up/);
    server.signal("HUP");
    await server.printed(/again/);
    server.signal("KILL");
    expect((await server.ended).exitCode).toBe(137);
  });

  it("ends when the process that started it is killed", async () => {
    const run = join(import.meta.dirname, "../../../local/debian/run.ts");
    const script = `import { startInDebian } from ${JSON.stringify(run)};
      const server = startInDebian({ argv: ["sh", "-c", "readlink /proc/self/ns/pid; exec sleep 1000"] });
      await server.printed(/\\]/); process.stdout.write(server.output);`;
    const parent = spawn(process.execPath, ["--input-type=module-typescript", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [namespace] = (await once(parent.stdout, "data")) as [Buffer];
    const name = namespace.toString().trim();
    expect(pidNamespaces()).toContain(name);
    parent.kill("SIGKILL");
    await expect.poll(pidNamespaces, { timeout: 15_000 }).not.toContain(name);
  });
});

/** The pid namespaces of all processes of this machine, as "pid:[4026531836]". */
function pidNamespaces(): string[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((pid) => {
      try {
        return [readlinkSync(`/proc/${pid}/ns/pid`)];
      } catch {
        return []; // It ended meanwhile.
      }
    });
}
