import { randomBytes } from "node:crypto";
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  Name,
  Pkcs10CertificateRequest,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
  type Extension,
  type PublicKeyType,
} from "@peculiar/x509";
import { z } from "zod";
import type { Properties } from "../protocol/values.ts";
import type { ValueKind } from "../protocol/valueResource.ts";
import { nameExtensions, namesInputs } from "./names.ts";
import { algorithmOf, readPrivateKey } from "./pem.ts";
import { distinguishedName, subjectInputs } from "./subject.ts";
import { useExtensions, usesInputs } from "./uses.ts";
import { signingKey, type SigningKey } from "./webKey.ts";

const HOUR = 3_600_000;

const shared = {
  allowedUses: usesInputs,
  validityPeriodHours: z.number().int().min(0),
  /** A certificate counts as due for renewal this long before its end; the next update then makes a new one. */
  earlyRenewalHours: z.number().int().min(0).default(0),
  isCaCertificate: z.boolean().default(false),
  /** Certificates between this authority and a leaf; -1: any number. */
  maxPathLength: z.number().int().min(-1).default(-1),
  setSubjectKeyId: z.boolean().default(false),
};

const selfSignedInputs = z.strictObject({
  ...shared,
  ...namesInputs,
  privateKeyPem: z.string(),
  subject: subjectInputs,
  setAuthorityKeyId: z.boolean().default(false),
});

const locallySignedInputs = z.strictObject({
  ...shared,
  certRequestPem: z.string(),
  caCertPem: z.string(),
  caPrivateKeyPem: z.string(),
});

type Shared = Pick<z.infer<typeof selfSignedInputs>, keyof typeof shared>;

/** What both kinds of certificate do as time goes by. */
const renewal = {
  inPlace: ["earlyRenewalHours"] as const,
  current: (state: Properties) => ({ readyForRenewal: isDue(state) }),
  outdated: (state: Properties) => (isDue(state) ? ["readyForRenewal"] : []),
};

export const selfSigned: ValueKind<z.infer<typeof selfSignedInputs>> = {
  inputs: selfSignedInputs,
  ...renewal,
  secretOutputs: ["privateKeyPem"],
  async make(inputs) {
    const key = readPrivateKey(inputs.privateKeyPem);
    const signer = signingKey(key);
    const name = new Name(distinguishedName(inputs.subject));
    const identity = await SubjectKeyIdentifierExtension.create(signer.publicKey);
    const extensions = [
      ...nameExtensions(inputs),
      ...(inputs.setAuthorityKeyId ? [new AuthorityKeyIdentifierExtension(identity.keyId)] : []),
    ];
    const made = await issue(inputs, { signer, issuer: name, subject: name, publicKey: signer.publicKey, extensions });
    return { ...made, outputs: { ...made.outputs, keyAlgorithm: algorithmOf(key) } };
  },
};

export const locallySigned: ValueKind<z.infer<typeof locallySignedInputs>> = {
  inputs: locallySignedInputs,
  ...renewal,
  secretOutputs: ["caPrivateKeyPem"],
  async make(inputs) {
    const caKey = readPrivateKey(inputs.caPrivateKeyPem);
    const authority = new X509Certificate(inputs.caCertPem);
    const request = new Pkcs10CertificateRequest(inputs.certRequestPem);
    if (!(await request.verify())) throw new Error("the certificate request is not signed by its own key");
    const authorityId = authority.getExtension(SubjectKeyIdentifierExtension)?.keyId;
    const names = request.getExtension(SUBJECT_ALTERNATIVE_NAME);
    const made = await issue(inputs, {
      signer: signingKey(caKey),
      issuer: authority.subjectName,
      subject: request.subjectName,
      publicKey: request.publicKey,
      extensions: [
        ...(names ? [names] : []),
        ...(authorityId ? [new AuthorityKeyIdentifierExtension(authorityId)] : []),
      ],
    });
    return { ...made, outputs: { ...made.outputs, caKeyAlgorithm: algorithmOf(caKey) } };
  },
};

const SUBJECT_ALTERNATIVE_NAME = "2.5.29.17";

interface Issue {
  readonly signer: SigningKey;
  readonly issuer: Name;
  readonly subject: Name;
  readonly publicKey: PublicKeyType;
  readonly extensions: readonly Extension[];
}

async function issue(inputs: Shared, { signer, issuer, subject, publicKey, extensions }: Issue) {
  // Certificates hold whole seconds.
  const notBefore = new Date(Math.floor(Date.now() / 1000) * 1000);
  const notAfter = new Date(notBefore.getTime() + inputs.validityPeriodHours * HOUR);
  // Positive, as RFC 5280 asks for: the first bit is off.
  const serial = randomBytes(16);
  serial[0] = (serial[0] ?? 0) & 0x7f || 1;
  const certificate = await X509CertificateGenerator.create({
    serialNumber: serial.toString("hex"),
    notBefore,
    notAfter,
    issuer,
    subject,
    publicKey,
    signingKey: signer.privateKey,
    signingAlgorithm: signer.signingAlgorithm,
    extensions: [
      ...useExtensions(inputs.allowedUses),
      new BasicConstraintsExtension(inputs.isCaCertificate, pathLength(inputs), true),
      // An authority needs one, so that what it signs can name it.
      ...(inputs.setSubjectKeyId || inputs.isCaCertificate
        ? [await SubjectKeyIdentifierExtension.create(publicKey)]
        : []),
      ...extensions,
    ],
  });
  const outputs = {
    certPem: `${certificate.toString("pem")}\n`,
    validityStartTime: rfc3339(notBefore),
    validityEndTime: rfc3339(notAfter),
  };
  return { id: BigInt(`0x${serial.toString("hex")}`).toString(), outputs };
}

function pathLength({ isCaCertificate, maxPathLength }: Shared): number | undefined {
  return isCaCertificate && maxPathLength >= 0 ? maxPathLength : undefined;
}

function isDue({ validityEndTime, earlyRenewalHours }: Properties): boolean {
  if (typeof validityEndTime !== "string") return false;
  return Date.now() >= Date.parse(validityEndTime) - Number(earlyRenewalHours ?? 0) * HOUR;
}

function rfc3339(date: Date): string {
  return date.toISOString().replace(".000Z", "Z");
}
