import { createPublicKey, type KeyObject } from "node:crypto";
import { algorithmOf } from "./pem.ts";

export interface SigningKey {
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
  readonly signingAlgorithm: EcdsaParams | Algorithm;
}

/** Node's names of curves, with the name and the hash that go with each in certificates. */
const CURVES: Readonly<Record<string, { readonly namedCurve: string; readonly hash: string }>> = {
  prime256v1: { namedCurve: "P-256", hash: "SHA-256" },
  secp384r1: { namedCurve: "P-384", hash: "SHA-384" },
  secp521r1: { namedCurve: "P-521", hash: "SHA-512" },
};

/** @throws for a curve that certificates cannot be made with here (P224). */
export function signingKey(key: KeyObject): SigningKey {
  const { importAlgorithm, signingAlgorithm } = algorithms(key);
  return {
    privateKey: key.toCryptoKey(importAlgorithm, true, ["sign"]) as CryptoKey,
    publicKey: createPublicKey(key).toCryptoKey(importAlgorithm, true, ["verify"]) as CryptoKey,
    signingAlgorithm,
  };
}

function algorithms(key: KeyObject) {
  switch (algorithmOf(key)) {
    case "RSA": {
      const rsa = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
      return { importAlgorithm: rsa, signingAlgorithm: rsa };
    }
    case "ED25519":
      return { importAlgorithm: { name: "Ed25519" }, signingAlgorithm: { name: "Ed25519" } };
    case "ECDSA": {
      const curve = CURVES[key.asymmetricKeyDetails?.namedCurve ?? ""];
      if (!curve) throw new Error("certificates need the curve P256, P384 or P521: set ecdsaCurve of the private key");
      return {
        importAlgorithm: { name: "ECDSA", namedCurve: curve.namedCurve },
        signingAlgorithm: { name: "ECDSA", hash: curve.hash },
      };
    }
  }
}
