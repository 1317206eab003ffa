import { createPrivateKey, X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { certFile, ensureCertificate, keyFile } from "../../../local/cluster/pki/certificate.ts";

let dir: string;
let issuer: string;
let path: string;
const read = (of: string): X509Certificate => new X509Certificate(readFileSync(certFile(of)));

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "dify-ha-pki-"));
  [issuer, path] = [join(dir, "ca"), join(dir, "server")];
  await ensureCertificate(issuer, { commonName: "authority" });
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(dir, { recursive: true, force: true });
});

describe("a certificate", () => {
  it("names who it is for, is signed by its authority and fits its key", async () => {
    await ensureCertificate(path, {
      commonName: "admin",
      organization: "system:masters",
      issuer,
      dnsNames: ["localhost"],
    });
    const certificate = read(path);
    expect(certificate.subject).toBe("O=system:masters\nCN=admin");
    expect(certificate.verify(read(issuer).publicKey)).toBe(true);
    expect(certificate.checkHost("localhost")).toBe("localhost");
    expect(certificate.checkPrivateKey(createPrivateKey(readFileSync(keyFile(path))))).toBe(true);
  });

  it("can be read by its owner only, and so can its key", async () => {
    await ensureCertificate(path, { commonName: "server", issuer });
    expect([certFile(path), keyFile(path)].map((file) => statSync(file).mode & 0o777)).toEqual([0o600, 0o600]);
  });

  it("stays while it is good", async () => {
    await ensureCertificate(path, { commonName: "server", issuer });
    const before = read(path).fingerprint256;
    await ensureCertificate(path, { commonName: "server", issuer });
    expect(read(path).fingerprint256).toBe(before);
  });

  it("is renewed a month before it ends", async () => {
    await ensureCertificate(path, { commonName: "server", issuer });
    const before = read(path);
    vi.useFakeTimers({ now: Date.parse(before.validTo) - 29 * 24 * 60 * 60 * 1000, toFake: ["Date"] });
    await ensureCertificate(path, { commonName: "server", issuer });
    expect(Date.parse(read(path).validTo)).toBeGreaterThan(Date.parse(before.validTo));
  });

  it.each([
    ["its authority is another now", () => rmSync(certFile(issuer)), {}],
    ["it lacks a name", () => undefined, { dnsNames: ["kubernetes.default.svc"] }],
    ["it lacks an address", () => undefined, { addresses: ["127.0.0.1"] }],
  ])("is made anew when %s", async (_, change, names) => {
    await ensureCertificate(path, { commonName: "server", issuer });
    const before = read(path).fingerprint256;
    change();
    await ensureCertificate(issuer, { commonName: "authority" });
    await ensureCertificate(path, { commonName: "server", issuer, ...names });
    expect(read(path).fingerprint256).not.toBe(before);
  });
});
