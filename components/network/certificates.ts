import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";
import type { CertificateSettings } from "../../config/network.ts";
import { workloadLabels } from "../workload/labels.ts";

const hoursOfDay = 24;

export interface CertificateAuthorityArgs {
  readonly settings: CertificateSettings;
  /** Refuse to delete the authority's key. @default false */
  readonly protect?: boolean;
}

export interface CertificateArgs {
  readonly namespace: pulumi.Input<string>;
  /** Name of the party: its account at a server that authenticates by certificate. @default the certificate's own name */
  readonly commonName?: string;
  /** Names and addresses under which a server is called; none for a client. */
  readonly dnsNames?: readonly string[];
  readonly ipAddresses?: readonly string[];
}

/** A certificate as pods get it. */
export interface Certificate {
  /** Secret of type kubernetes.io/tls: ca.crt, tls.crt, tls.key. */
  readonly secret: k8s.core.v1.Secret;
}

/**
 * The authority that signs every certificate between parts of the stack. A certificate inside its renewal window is replaced
 * by the next `pulumi up`, and the pods that read it are rolled.
 */
export class CertificateAuthority extends pulumi.ComponentResource {
  /** PEM of the authority's certificate: what clients trust. */
  readonly certificate: pulumi.Output<string>;
  private readonly key: tls.PrivateKey;
  private readonly settings: CertificateSettings;

  constructor(name: string, args: CertificateAuthorityArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:network:CertificateAuthority", name, args, opts);
    this.settings = args.settings;
    const kept = { parent: this, protect: args.protect ?? false };
    this.key = new tls.PrivateKey(`${name}-ca`, { algorithm: "ECDSA", ecdsaCurve: "P256" }, kept);
    this.certificate = new tls.SelfSignedCert(
      `${name}-ca`,
      {
        privateKeyPem: this.key.privateKeyPem,
        isCaCertificate: true,
        subject: { commonName: `${name} authority`, organization: "dify-ha" },
        validityPeriodHours: args.settings.authorityDays * hoursOfDay,
        earlyRenewalHours: args.settings.renewBeforeDays * hoursOfDay,
        allowedUses: ["cert_signing", "crl_signing", "digital_signature"],
        setSubjectKeyId: true,
      },
      kept,
    ).certPem;
    this.registerOutputs({ certificate: this.certificate });
  }

  /** Signs a certificate for server and client use and puts it into a Secret called `NAME-tls`. */
  issue(name: string, args: CertificateArgs, opts: pulumi.CustomResourceOptions = { parent: this }): Certificate {
    const key = new tls.PrivateKey(name, { algorithm: "ECDSA", ecdsaCurve: "P256" }, opts);
    const request = new tls.CertRequest(
      name,
      {
        privateKeyPem: key.privateKeyPem,
        subject: { commonName: args.commonName ?? name, organization: "dify-ha" },
        dnsNames: [...(args.dnsNames ?? [])],
        ipAddresses: [...(args.ipAddresses ?? [])],
      },
      opts,
    );
    const signed = new tls.LocallySignedCert(
      name,
      {
        certRequestPem: request.certRequestPem,
        caPrivateKeyPem: this.key.privateKeyPem,
        caCertPem: this.certificate,
        validityPeriodHours: this.settings.days * hoursOfDay,
        earlyRenewalHours: this.settings.renewBeforeDays * hoursOfDay,
        allowedUses: ["digital_signature", "key_encipherment", "server_auth", "client_auth"],
      },
      opts,
    );
    const secret = new k8s.core.v1.Secret(
      `${name}-tls`,
      {
        metadata: { name: `${name}-tls`, namespace: args.namespace, labels: { ...workloadLabels(name) } },
        type: "kubernetes.io/tls",
        stringData: { "ca.crt": this.certificate, "tls.crt": signed.certPem, "tls.key": key.privateKeyPem },
      },
      opts,
    );
    return { secret };
  }
}
