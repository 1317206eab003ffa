import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { erasureLayout } from "../../../components/objectStore/layout.ts";
import { proxyConfig } from "../../../components/objectStore/proxyConfig.ts";
import { openNetwork } from "../../../local/debian/network.ts";
import { runInDebian, startInDebian, usesDebian, type RunningProgram } from "../../support/debian.ts";
import { issueCertificates, loopbackNames, type Certificate } from "../../support/servers.ts";
import { mountsOf } from "../../support/servers/server.ts";

usesDebian();

const drives = { servers: 3, drives: 2, zones: 3 };
const layout = erasureLayout(drives);
const ports = [9001, 9002, 9003];
/** In the order of MinIO's own expansion: every server's first volume, then every server's second. Servers of one address differ by port, and want different paths. */
const volumes = [0, 1].flatMap((i) => ports.map((port) => `https://127.0.0.1:${port}/of-${port}/data${i}`));

/** The proxies' configuration for servers that differ by port. */
function haproxyConfig(): string {
  const hosts = ports.map((port) => `server-${port}`);
  const rendered = proxyConfig({ servers: hosts, port: 9000, maxConnections: 100 });
  return hosts.reduce(
    (config, host, i) => config.replace(`${host}:9000 check`, `127.0.0.1:${ports[i]} check`),
    rendered,
  );
}

describe("a store of three servers, one a zone", { timeout: 120_000 }, () => {
  let network: Awaited<ReturnType<typeof openNetwork>>;
  let certificate: Certificate;
  const servers = new Map<number, RunningProgram>();
  let proxy: RunningProgram;
  const administrator = { MINIO_ROOT_USER: "administrator", MINIO_ROOT_PASSWORD: randomBytes(12).toString("hex") };
  const kms = `dify-ha:${randomBytes(32).toString("base64")}`;

  const start = (port: number) =>
    startInDebian({
      argv: ["minio", "server", "--address", `127.0.0.1:${port}`, "--certs-dir", "/certificates", ...volumes],
      env: {
        ...administrator,
        MINIO_KMS_SECRET_KEY: kms,
        MINIO_BROWSER: "off",
        MINIO_PROMETHEUS_AUTH_TYPE: "public",
        MINIO_CI_CD: "1",
      },
      files: {
        "/certificates/public.crt": certificate.certificate,
        "/certificates/private.key": certificate.key,
        "/certificates/CAs/ca.crt": certificate.authority,
        [`/of-${port}/data0/.volume`]: "",
        [`/of-${port}/data1/.volume`]: "",
      },
      mounts: mountsOf("minio"),
      network,
    });

  const mc = (port: number, stdin: string, ...args: string[]) =>
    runInDebian({
      argv: ["mc", ...args],
      env: { MC_HOST_store: `https://administrator:${administrator.MINIO_ROOT_PASSWORD}@127.0.0.1:${port}` },
      files: { "/root/.mc/certs/CAs/test.crt": certificate.authority },
      network,
      stdin,
      timeoutSeconds: 60,
    });

  beforeAll(async () => {
    network = await openNetwork();
    const names = [...loopbackNames, ...ports.map((port) => `server-${port}`)];
    certificate = (await issueCertificates({ store: names })).store;
    for (const port of ports) servers.set(port, start(port));
    await Promise.all([...servers.values()].map((server) => server.printed(/API: https/, 60)));
    expect(await mc(9001, "", "mb", "store/files")).toMatchObject({ exitCode: 0 });
    proxy = startInDebian({
      argv: ["haproxy", "-W", "-db", "-f", "/etc/haproxy/haproxy.cfg"],
      files: { "/etc/haproxy/haproxy.cfg": haproxyConfig(), "/etc/haproxy/ca.crt": certificate.authority },
      user: "99",
      network,
    });
  }, 120_000);
  afterAll(async () => {
    await Promise.all([proxy, ...servers.values()].map((program) => program.stop()));
    await network.close();
  });

  it("has the erasure sets that the settings' arithmetic says", async () => {
    const info = JSON.parse((await mc(9001, "", "--json", "admin", "info", "store")).stdout) as {
      info: { backend: { totalSets: number[]; totalDrivesPerSet: number[]; standardSCParity: number } };
    };
    expect(info.info.backend).toMatchObject({
      totalSets: [layout?.sets],
      totalDrivesPerSet: [layout?.setSize],
      standardSCParity: layout?.parity,
    });
  });

  it("answers probes and Prometheus", async () => {
    const page = (path: string) =>
      runInDebian({
        argv: ["curl", "-sf", "--cacert", "/ca.crt", `https://127.0.0.1:9001${path}`],
        files: { "/ca.crt": certificate.authority },
        network,
      });
    for (const path of ["live", "ready"]) expect(await page(`/minio/health/${path}`)).toMatchObject({ exitCode: 0 });
    expect((await page("/minio/v2/metrics/cluster")).stdout).toContain("minio_cluster_drive_online_total");
  });

  it("is led to by the proxy, which knows servers that answer from others", async () => {
    const states = async () => {
      const argv: [string, ...string[]] = ["curl", "-sf", "http://127.0.0.1:8404/metrics"];
      return (await runInDebian({ argv, network })).stdout.match(/^haproxy_server_status\{.*state="UP"\} 1$/gm);
    };
    await expect.poll(states, { timeout: 20_000 }).toHaveLength(ports.length);
    expect(await mc(9000, "through", "pipe", "store/files/through")).toMatchObject({ exitCode: 0 });
    servers.get(9003)?.kill();
    await servers.get(9003)?.ended;
    expect((await mc(9000, "", "cat", "store/files/through")).stdout).toBe("through");
    await expect.poll(states, { timeout: 20_000 }).toHaveLength(ports.length - 1);
    servers.set(9003, start(9003));
    await expect.poll(states, { timeout: 30_000 }).toHaveLength(ports.length);
  });

  it("reads and writes on when a zone is lost, and not when two are", async () => {
    expect(await mc(9001, "before", "pipe", "store/files/before")).toMatchObject({ exitCode: 0 });
    servers.get(9003)?.kill();
    await servers.get(9003)?.ended;
    expect(await mc(9001, "after", "pipe", "store/files/after")).toMatchObject({ exitCode: 0 });
    expect((await mc(9002, "", "cat", "store/files/before")).stdout).toBe("before");
    expect((await mc(9002, "", "cat", "store/files/after")).stdout).toBe("after");
    expect(await mc(9002, "", "mb", "store/made-meanwhile")).toMatchObject({ exitCode: 0 });

    servers.get(9002)?.kill();
    await servers.get(9002)?.ended;
    expect((await mc(9001, "more", "pipe", "store/files/more")).exitCode).not.toBe(0);
  });
});
