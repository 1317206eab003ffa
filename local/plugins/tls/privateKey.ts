import { createHash, createPublicKey, generateKeyPair, type KeyObject } from "node:crypto";
import { promisify } from "node:util";
import { z } from "zod";
import type { ValueKind } from "../protocol/valueResource.ts";
import { keyOutputs } from "./pem.ts";

const generate = promisify(generateKeyPair);

const inputs = z.strictObject({
  algorithm: z.enum(["RSA", "ECDSA", "ED25519"]),
  rsaBits: z.number().int().min(1024).max(16384).default(2048),
  /** The vendor's default. */
  ecdsaCurve: z.enum(["P224", "P256", "P384", "P521"]).default("P224"),
});

const NODE_CURVES = { P224: "secp224r1", P256: "prime256v1", P384: "secp384r1", P521: "secp521r1" } as const;

type Inputs = z.infer<typeof inputs>;

export const privateKey: ValueKind<Inputs> = {
  inputs,
  secretOutputs: ["privateKeyPem", "privateKeyPemPkcs8", "privateKeyOpenssh"],
  async make(wanted) {
    const key = await newKey(wanted);
    const spki = createPublicKey(key).export({ type: "spki", format: "der" });
    return { id: createHash("sha1").update(spki).digest("hex"), outputs: keyOutputs(key) };
  },
};

async function newKey({ algorithm, rsaBits, ecdsaCurve }: Inputs): Promise<KeyObject> {
  if (algorithm === "RSA") return (await generate("rsa", { modulusLength: rsaBits })).privateKey;
  if (algorithm === "ED25519") return (await generate("ed25519")).privateKey;
  return (await generate("ec", { namedCurve: NODE_CURVES[ecdsaCurve] })).privateKey;
}
