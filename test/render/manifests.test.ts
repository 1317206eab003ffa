import * as k8s from "@pulumi/kubernetes";
import * as random from "@pulumi/random";
import * as tls from "@pulumi/tls";
import { parse } from "yaml";
import { beforeAll, describe, expect, it } from "vitest";
import { manifestText, rendering, type Rendering } from "../../render/manifests.ts";
import { notes } from "../../render/notes.ts";
import { declare, type Declared } from "../support/mocks.ts";

/** A bit of everything: a password in a Secret, a certificate in a ConfigMap, an object of the cluster. */
function sample(): void {
  const password = new random.RandomPassword("login", { length: 20 });
  const key = new tls.PrivateKey("authority", { algorithm: "ECDSA" });
  const authority = new tls.SelfSignedCert("authority", {
    privateKeyPem: key.privateKeyPem,
    validityPeriodHours: 1,
    allowedUses: ["cert_signing"],
  });
  new k8s.core.v1.Namespace("data", { metadata: { name: "data" } });
  const metadata = (name: string) => ({ name, namespace: "data" });
  new k8s.core.v1.Secret("login", {
    metadata: metadata("login"),
    stringData: { password: password.result, user: "dify" },
  });
  new k8s.core.v1.ConfigMap("trust", { metadata: metadata("trust"), data: { "ca.crt": authority.certPem } });
  new k8s.core.v1.ConfigMap("flags", {
    metadata: metadata("flags"),
    data: { a: "yes", b: "0755", c: "12:30", d: "1e3", e: "line\n  line\n" },
  });
  new k8s.rbac.v1.ClusterRole("reader", { metadata: { name: "dify:reader" }, rules: [] });
}

describe("a rendering", () => {
  let declared: Declared[];
  let plain: Rendering;

  beforeAll(async () => {
    declared = await declare(sample);
    plain = rendering(declared, { secrets: false });
  });

  it("has a file for each object, in order, by namespace, kind and name", () =>
    expect(plain.manifests.map(({ path }) => path)).toEqual([
      "_cluster/clusterrole-dify-reader.yaml",
      "_cluster/namespace-data.yaml",
      "data/configmap-flags.yaml",
      "data/configmap-trust.yaml",
    ]));

  it("leaves Secrets out and says which keys they have", () =>
    expect(plain.secrets).toEqual([{ namespace: "data", name: "login", keys: ["password", "user"] }]));

  it("renders Secrets when asked, with stand-ins that name what they stand for", () => {
    const { manifests, secrets } = rendering(declared, { secrets: true });
    const secret = manifests.find(({ path }) => path === "data/secret-login.yaml");
    expect(secrets).toEqual([]);
    expect(secret).toMatchObject({
      hasPlaceholders: true,
      object: { stringData: { password: "generated-password-of-login", user: "dify" } },
    });
  });

  it("knows which objects hold what a provider computes", () =>
    expect(plain.manifests.filter(({ hasPlaceholders }) => hasPlaceholders).map(({ path }) => path)).toEqual([
      "data/configmap-trust.yaml",
    ]));

  it("counts what is no object of Kubernetes", () =>
    expect(plain.others).toEqual({
      "random:index/randomPassword:RandomPassword": 1,
      "tls:index/privateKey:PrivateKey": 1,
      "tls:index/selfSignedCert:SelfSignedCert": 1,
    }));

  it("keeps texts that a reader of YAML 1.1 or 1.2 could take for something else", () => {
    const flags = plain.manifests.find(({ path }) => path.endsWith("flags.yaml"));
    if (!flags) throw new Error("no flags");
    for (const version of ["1.1", "1.2"] as const)
      expect(parse(manifestText(flags), { version })).toEqual(JSON.parse(JSON.stringify(flags.object)));
  });

  it("notes all of that", () => {
    const text = notes("test", plain);
    expect(text).toContain("- `data/login`: `password`, `user`");
    expect(text).toContain("- `data/configmap-trust.yaml`");
    expect(text).toContain("- 1 x `tls:index/selfSignedCert:SelfSignedCert`");
  });

  it("refuses two objects that would share a file", () => {
    const twice = [...declared, ...declared.filter(({ name }) => name === "flags")];
    expect(() => rendering(twice, { secrets: false })).toThrow("Two objects would be rendered to the same file.");
  });
});
