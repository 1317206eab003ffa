import "reflect-metadata";
import { createPrivateKey, generateKeyPairSync, X509Certificate } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import * as x509 from "@peculiar/x509";

/** Where a certificate and its key lie: <path>.crt and <path>.key, both readable by their owner only. */
export type CertificatePath = string;

export interface CertificateRequest {
  readonly commonName: string;
  /** The groups of a Kubernetes identity. */
  readonly organization?: string;
  /** Names and addresses under which a server is reached. Without any, it is a client's certificate. */
  readonly dnsNames?: readonly string[];
  readonly addresses?: readonly string[];
  /** The authority that signs; without it the certificate is an authority and signs itself. */
  readonly issuer?: CertificatePath;
}

const day = 24 * 60 * 60 * 1000;
const lifetime = { authority: 3650 * day, leaf: 365 * day };
/** A certificate is renewed when it is used and less than this is left. */
const renewBefore = 30 * day;

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

export const certFile = (path: CertificatePath): string => `${path}.crt`;
export const keyFile = (path: CertificatePath): string => `${path}.key`;

/** Makes the certificate unless it is there, signed by its authority as that is now, and good for a while. */
export async function ensureCertificate(path: CertificatePath, request: CertificateRequest): Promise<void> {
  if (isCurrent(path, request)) return;
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const authority = request.issuer === undefined;
  const now = Date.now();
  const certificate = await x509.X509CertificateGenerator.create({
    subject: subjectOf(request),
    issuer: request.issuer === undefined ? subjectOf(request) : readCertificate(request.issuer).subject,
    // Slack for clocks that are a little behind.
    notBefore: new Date(now - 5 * 60 * 1000),
    notAfter: new Date(now + (authority ? lifetime.authority : lifetime.leaf)),
    publicKey: keys.publicKey,
    signingKey: request.issuer === undefined ? keys.privateKey : await readSigningKey(request.issuer),
    signingAlgorithm: algorithm,
    extensions: [
      ...(authority ? authorityExtensions() : leafExtensions(request)),
      ...(await keyIdentifiers(keys.publicKey, request.issuer)),
    ],
  });
  writeSecret(certFile(path), `${certificate.toString("pem")}\n`);
  writeSecret(keyFile(path), await privateKeyPem(keys.privateKey));
}

/** A key with which tokens are signed and verified; kept for ever, since all tokens end with it. */
export function ensureSigningKey(file: string): void {
  if (existsSync(file)) return;
  // In this format the API server takes the one file for the private and for the public key.
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  writeSecret(file, privateKey.export({ format: "pem", type: "sec1" }).toString());
}

function isCurrent(
  path: CertificatePath,
  { issuer = path, dnsNames = [], addresses = [] }: CertificateRequest,
): boolean {
  if (![path, issuer].every((p) => existsSync(certFile(p)) && existsSync(keyFile(p)))) return false;
  const certificate = new X509Certificate(readFileSync(certFile(path)));
  const authority = new X509Certificate(readFileSync(certFile(issuer)));
  return (
    Date.parse(certificate.validTo) - Date.now() > renewBefore &&
    certificate.verify(authority.publicKey) &&
    dnsNames.every((name) => certificate.checkHost(name)) &&
    addresses.every((address) => certificate.checkIP(address))
  );
}

const subjectOf = ({ commonName, organization }: CertificateRequest): x509.JsonName => [
  ...(organization === undefined ? [] : [{ O: [organization] }]),
  { CN: [commonName] },
];

const authorityExtensions = (): x509.Extension[] => [
  new x509.BasicConstraintsExtension(true, undefined, true),
  new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
];

function leafExtensions({ dnsNames = [], addresses = [] }: CertificateRequest): x509.Extension[] {
  const names: x509.JsonGeneralNames = [
    ...dnsNames.map((value) => ({ type: "dns" as const, value })),
    ...addresses.map((value) => ({ type: "ip" as const, value })),
  ];
  const server = names.length > 0;
  return [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
    new x509.ExtendedKeyUsageExtension([
      x509.ExtendedKeyUsage.clientAuth,
      ...(server ? [x509.ExtendedKeyUsage.serverAuth] : []),
    ]),
    ...(server ? [new x509.SubjectAlternativeNameExtension(names)] : []),
  ];
}

/** Which key this is and which one signed it: Python 3.13 trusts no chain without them. */
async function keyIdentifiers(own: CryptoKey, issuer: CertificatePath | undefined): Promise<x509.Extension[]> {
  const signer = issuer === undefined ? own : await readCertificate(issuer).publicKey.export();
  return [
    await x509.SubjectKeyIdentifierExtension.create(own),
    await x509.AuthorityKeyIdentifierExtension.create(signer),
  ];
}

const readCertificate = (path: CertificatePath): x509.X509Certificate =>
  new x509.X509Certificate(readFileSync(certFile(path), "utf8"));

async function readSigningKey(path: CertificatePath): Promise<CryptoKey> {
  const der = createPrivateKey(readFileSync(keyFile(path))).export({ format: "der", type: "pkcs8" });
  return crypto.subtle.importKey("pkcs8", new Uint8Array(der), algorithm, false, ["sign"]);
}

async function privateKeyPem(key: CryptoKey): Promise<string> {
  return `${x509.PemConverter.encode(await crypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY")}\n`;
}

function writeSecret(file: string, content: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(file, content, { mode: 0o600 });
}
