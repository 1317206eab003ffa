import { createHash } from "node:crypto";
import { Pkcs10CertificateRequestGenerator } from "@peculiar/x509";
import { z } from "zod";
import type { ValueKind } from "../protocol/valueResource.ts";
import { nameExtensions, namesInputs } from "./names.ts";
import { algorithmOf, readPrivateKey } from "./pem.ts";
import { distinguishedName, subjectInputs } from "./subject.ts";
import { signingKey } from "./webKey.ts";

const inputs = z.strictObject({ ...namesInputs, privateKeyPem: z.string(), subject: subjectInputs });

export const certRequest: ValueKind<z.infer<typeof inputs>> = {
  inputs,
  secretOutputs: ["privateKeyPem"],
  async make({ privateKeyPem, subject, ...names }) {
    const key = readPrivateKey(privateKeyPem);
    const { signingAlgorithm, ...keys } = signingKey(key);
    const request = await Pkcs10CertificateRequestGenerator.create({
      name: distinguishedName(subject),
      keys,
      signingAlgorithm,
      extensions: nameExtensions(names),
    });
    const certRequestPem = `${request.toString("pem")}\n`;
    const id = createHash("sha1").update(certRequestPem).digest("hex");
    return { id, outputs: { certRequestPem, keyAlgorithm: algorithmOf(key) } };
  },
};
