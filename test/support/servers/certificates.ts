import { mkdtemp, readFile, rm } from "node:fs/promises";
import { isIP } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { certFile, ensureCertificate, keyFile } from "../../../local/cluster/pki/certificate.ts";

/** A certificate and its private key with the authority that signed it, each as PEM. */
export interface Certificate {
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
}

/** What a server on loopback is called. */
export const loopbackNames = ["localhost", "127.0.0.1"];

/** Certificates for servers under test, one for each list of names and addresses, all signed by one new authority. */
export async function issueCertificates<Name extends string>(
  names: Readonly<Record<Name, readonly string[]>>,
): Promise<Record<Name, Certificate>> {
  const folder = await mkdtemp(join(tmpdir(), "certificates-"));
  try {
    const issuer = join(folder, "authority");
    await ensureCertificate(issuer, { commonName: "authority of a test" });
    const authority = await readFile(certFile(issuer), "utf8");
    const issue = async ([name, hosts]: [string, readonly string[]]): Promise<[string, Certificate]> => {
      const path = join(folder, "of", name);
      const addresses = hosts.filter((host) => isIP(host));
      await ensureCertificate(path, {
        commonName: name,
        issuer,
        addresses,
        dnsNames: hosts.filter((host) => !isIP(host)),
      });
      const [certificate, key] = await Promise.all([certFile, keyFile].map((file) => readFile(file(path), "utf8")));
      return [name, { authority, certificate: certificate ?? "", key: key ?? "" }];
    };
    const entries = await Promise.all(Object.entries<readonly string[]>(names).map(issue));
    return Object.fromEntries(entries) as Record<Name, Certificate>;
  } finally {
    await rm(folder, { recursive: true });
  }
}
