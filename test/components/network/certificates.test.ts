import { describe, expect, it } from "vitest";
import { CertificateAuthority } from "../../../components/network/certificates.ts";
import { certificateSettings } from "../../../config/network.ts";
import { at, declare, find, secretMarker } from "../../support/mocks.ts";

const declared = declare(() =>
  new CertificateAuthority("dify", { settings: certificateSettings.parse({ days: 90, renewBeforeDays: 30 }) }).issue(
    "etcd",
    { namespace: "dify-data", dnsNames: ["etcd-0.etcd"] },
  ),
);

describe("a certificate", () => {
  it("is replaced a month before it ends", async () =>
    expect(find(await declared, "LocallySignedCert", "etcd").inputs).toMatchObject({
      validityPeriodHours: 90 * 24,
      earlyRenewalHours: 30 * 24,
      allowedUses: expect.arrayContaining(["server_auth", "client_auth"]) as unknown,
    }));

  it("comes with its key and its authority, as pods mount them", async () => {
    const { inputs, revealed } = find(await declared, "Secret", "etcd-tls");
    expect(inputs).toMatchObject({
      type: "kubernetes.io/tls",
      stringData: { "ca.crt": secretMarker, "tls.crt": secretMarker, "tls.key": secretMarker },
    });
    expect(at(revealed, "stringData")).toMatchObject({
      "tls.key": expect.stringContaining("PRIVATE KEY") as unknown,
      "ca.crt": expect.stringContaining("dify-ca") as unknown,
    });
  });

  it("is for the names that its server is called by", async () =>
    expect(find(await declared, "CertRequest", "etcd").inputs).toMatchObject({
      dnsNames: ["etcd-0.etcd"],
      subject: { commonName: "etcd" },
    }));
});
