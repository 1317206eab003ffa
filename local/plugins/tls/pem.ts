import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import sshpk from "sshpk";
import type { Properties } from "../protocol/values.ts";

export type Algorithm = "RSA" | "ECDSA" | "ED25519";

/** Every notation of a private key and its public half, as the vendor's plugin gives them. */
export function keyOutputs(key: KeyObject): Properties {
  const traditional = { RSA: "pkcs1", ECDSA: "sec1", ED25519: "pkcs8" } as const;
  return {
    privateKeyPem: pem(key, traditional[algorithmOf(key)]),
    privateKeyPemPkcs8: pem(key, "pkcs8"),
    publicKeyPem: createPublicKey(key).export({ type: "spki", format: "pem" }).toString(),
    // OpenSSH knows no P224.
    ...(key.asymmetricKeyDetails?.namedCurve === "secp224r1" ? NO_SSH : sshOutputs(key)),
  };
}

const NO_SSH = {
  privateKeyOpenssh: "",
  publicKeyOpenssh: "",
  publicKeyFingerprintMd5: "",
  publicKeyFingerprintSha256: "",
};

function sshOutputs(key: KeyObject): Properties {
  const ssh = sshpk.parsePrivateKey(pem(key, "pkcs8"), "pkcs8");
  const publicKey = ssh.toPublic();
  return {
    privateKeyOpenssh: `${ssh.toString("openssh").trim()}\n`,
    // Without the comment that the library adds.
    publicKeyOpenssh: `${publicKey.toString("ssh").split(" ").slice(0, 2).join(" ")}\n`,
    publicKeyFingerprintMd5: publicKey.fingerprint("md5").toString("hex"),
    publicKeyFingerprintSha256: publicKey.fingerprint("sha256").toString("base64"),
  };
}

/** @throws when it is no unencrypted private key of a kind we know. */
export function readPrivateKey(text: string): KeyObject {
  try {
    const key = createPrivateKey(text);
    algorithmOf(key);
    return key;
  } catch (error) {
    // Never with the text itself.
    throw new Error(`the private key cannot be read: ${(error as Error).message}`, { cause: error });
  }
}

export function algorithmOf(key: KeyObject): Algorithm {
  const algorithms: Readonly<Record<string, Algorithm>> = { rsa: "RSA", ec: "ECDSA", ed25519: "ED25519" };
  const algorithm = algorithms[key.asymmetricKeyType ?? ""];
  if (!algorithm) throw new Error(`keys of type ${key.asymmetricKeyType} are not supported: RSA, ECDSA or ED25519`);
  return algorithm;
}

function pem(key: KeyObject, type: "pkcs1" | "sec1" | "pkcs8"): string {
  return key.export({ type, format: "pem" }).toString();
}
