import { execFile } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isSecret, plain, type Properties } from "../../../local/plugins/protocol/values.ts";
import { PluginProcess, urnOf } from "./pluginProcess.ts";

const run = promisify(execFile);
const keys = urnOf("tls:index/privateKey:PrivateKey", "key");
const authorities = urnOf("tls:index/selfSignedCert:SelfSignedCert", "ca");
const requests = urnOf("tls:index/certRequest:CertRequest", "csr");
const leaves = urnOf("tls:index/locallySignedCert:LocallySignedCert", "leaf");

let plugin: PluginProcess;
let folder: string;
beforeAll(async () => {
  plugin = await PluginProcess.start("tls");
  folder = await mkdtemp(path.join(tmpdir(), "tls-plugin-"));
}, 60_000);
afterAll(async () => {
  await plugin.stop();
  await rm(folder, { recursive: true });
});

describe("private keys", () => {
  it.each([
    ["RSA", { algorithm: "RSA", rsaBits: 2048 }, "RSA PRIVATE KEY", "ssh-rsa"],
    ["ECDSA P256", { algorithm: "ECDSA", ecdsaCurve: "P256" }, "EC PRIVATE KEY", "ecdsa-sha2-nistp256"],
    ["ECDSA P384", { algorithm: "ECDSA", ecdsaCurve: "P384" }, "EC PRIVATE KEY", "ecdsa-sha2-nistp384"],
    ["ED25519", { algorithm: "ED25519" }, "PRIVATE KEY", "ssh-ed25519"],
  ])("of kind %s are read by openssl and ssh-keygen", async (name, inputs, label, ssh) => {
    const { state } = await plugin.make(keys, inputs);
    for (const sealed of ["privateKeyPem", "privateKeyPemPkcs8", "privateKeyOpenssh"])
      expect(isSecret(state[sealed])).toBe(true);
    const key = text(state);
    expect(key.privateKeyPem).toMatch(new RegExp(`^-----BEGIN ${label}-----`));
    const pem = await file(`${name}.pem`, key.privateKeyPem);
    expect((await run("openssl", ["pkey", "-in", pem, "-pubout"])).stdout).toBe(key.publicKeyPem);
    const open = await file(`${name}.ssh`, key.privateKeyOpenssh);
    expect((await run("ssh-keygen", ["-y", "-f", open])).stdout.split(" ")[0]).toBe(ssh);
    const pub = await file(`${name}.pub`, key.publicKeyOpenssh);
    expect((await run("ssh-keygen", ["-l", "-f", pub])).stdout).toContain(key.publicKeyFingerprintSha256);
    expect((await run("ssh-keygen", ["-l", "-E", "md5", "-f", pub])).stdout).toContain(
      `MD5:${key.publicKeyFingerprintMd5}`,
    );
  });

  it("are replaced when their kind changes", async () => {
    const made = await plugin.make(keys, { algorithm: "ED25519" });
    expect(await plugin.diff(keys, made, made.inputs)).toMatchObject({ changed: false });
    expect(await plugin.diff(keys, made, { algorithm: "RSA" })).toMatchObject({ replaces: ["algorithm"] });
  });
});

describe("certificates", () => {
  it.each(["RSA", "ECDSA", "ED25519"])(
    "of an authority with a key of kind %s are verified by openssl",
    async (algorithm) => {
      const { certPem: caCertPem, caKey } = await authority(algorithm);
      const leafKey = text((await plugin.make(keys, { algorithm: "ECDSA", ecdsaCurve: "P256" })).state).privateKeyPem;
      const request = await plugin.make(requests, {
        privateKeyPem: leafKey,
        subject: { commonName: "db", organization: "Dify" },
        dnsNames: ["db.dify.svc", "*.db.dify.svc"],
        ipAddresses: ["127.0.0.1", "::1"],
        uris: ["spiffe://dify/db"],
      });
      const leaf = await plugin.make(leaves, {
        certRequestPem: text(request.state).certRequestPem,
        caCertPem,
        caPrivateKeyPem: caKey,
        validityPeriodHours: 24,
        allowedUses: ["digital_signature", "server_auth", "client_auth"],
        setSubjectKeyId: true,
      });
      expect(isSecret(leaf.state.caPrivateKeyPem)).toBe(true);
      const { certPem } = text(leaf.state);
      const ca = await file(`${algorithm}-ca.pem`, caCertPem);
      const cert = await file(`${algorithm}-leaf.pem`, certPem);
      for (const purpose of ["sslserver", "sslclient"])
        await run("openssl", [
          "verify",
          "-x509_strict",
          "-CAfile",
          ca,
          "-purpose",
          purpose,
          "-verify_hostname",
          "x.db.dify.svc",
          cert,
        ]);
      const parsed = new X509Certificate(certPem);
      expect(parsed.subjectAltName).toBe(
        "DNS:db.dify.svc, DNS:*.db.dify.svc, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, URI:spiffe://dify/db",
      );
      expect(parsed.subject).toBe("O=Dify\nCN=db");
      expect(parsed.ca).toBe(false);
      expect(BigInt(`0x${parsed.serialNumber}`).toString()).toBe(leaf.id);
      expect(Date.parse(parsed.validTo)).toBe(Date.parse(text(leaf.state).validityEndTime ?? ""));
      expect(leaf.state).toMatchObject({ readyForRenewal: false, caKeyAlgorithm: algorithm });
      const wrong = run("openssl", ["verify", "-CAfile", ca, "-verify_hostname", "other.svc", cert]);
      await expect(wrong).rejects.toThrow("hostname mismatch");
    },
  );

  it("are planned to be replaced once they are due", async () => {
    const { made } = await authority("ECDSA");
    const calm = { ...made.inputs, validityPeriodHours: 24 };
    expect(await plugin.diff(authorities, { ...made, inputs: calm }, calm)).toMatchObject({ changed: false });
    const early = { ...calm, earlyRenewalHours: 24 };
    expect(await plugin.diff(authorities, { ...made, inputs: calm }, early)).toMatchObject({
      details: { earlyRenewalHours: "ADD", readyForRenewal: "UPDATE_REPLACE" },
    });
    const due = { ...made.state, validityEndTime: new Date(Date.now() - 1000).toISOString() };
    expect((await plugin.read(authorities, { ...made, state: due }))?.state).toMatchObject({ readyForRenewal: true });
    expect(await plugin.diff(authorities, { ...made, state: due }, made.inputs)).toMatchObject({
      replaces: ["readyForRenewal"],
    });
  });

  it("change the time of their renewal in place", async () => {
    const { made } = await authority("ECDSA");
    const later = { ...made.inputs, earlyRenewalHours: 1 };
    expect(await plugin.diff(authorities, made, later)).toMatchObject({
      replaces: [],
      details: { earlyRenewalHours: "ADD" },
    });
    const { state } = await plugin.update(authorities, made, later);
    expect([state.earlyRenewalHours, state.certPem]).toEqual([1, made.state.certPem]);
  });

  it.each([
    ["a key that is none", { privateKeyPem: "secret nonsense" }, /^the private key cannot be read/],
    ["a use that does not exist", { allowedUses: ["flying"] }, /allowedUses/],
    ["an address that is none", { ipAddresses: ["300.1.1.1"] }, /must be an IP address/],
  ])("refuse %s", async (_, change, message) => {
    const inputs = {
      privateKeyPem: (await authority("ED25519")).caKey,
      subject: {},
      validityPeriodHours: 1,
      allowedUses: [],
    };
    const refused = plugin.make(authorities, { ...inputs, ...change });
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.not.toThrow(/nonsense/);
  });
});

async function authority(algorithm: string) {
  const caKey = text((await plugin.make(keys, { algorithm, ecdsaCurve: "P384" })).state).privateKeyPem;
  const made = await plugin.make(authorities, {
    privateKeyPem: caKey,
    subject: { commonName: `${algorithm} authority` },
    isCaCertificate: true,
    validityPeriodHours: 24,
    allowedUses: ["cert_signing", "crl_signing"],
  });
  return { made, caKey, certPem: text(made.state).certPem };
}

function text(
  state: Properties,
): Record<string, string> & { [name in "certPem" | "certRequestPem" | "privateKeyPem"]: string } {
  return plain(state) as ReturnType<typeof text>;
}

async function file(name: string, content: string | undefined): Promise<string> {
  const at = path.join(folder, name.replaceAll(" ", "-"));
  await writeFile(at, content ?? "", { mode: 0o600 });
  return at;
}
