import { runInDebian } from "./debian.ts";

/** A tenant's key pair, and a credential as Dify stores it. */
export interface DifySecrets {
  readonly privatePem: string;
  readonly publicPem: string;
  /** For encrypted_config: JSON with one value that is encrypted. */
  readonly config: string;
}

/** Makes them with the library that Dify uses, in the way of its libs/rsa.py. */
export async function difySecrets(): Promise<DifySecrets> {
  const { stdout, stderr } = await runInDebian({ argv: ["python3", "-c", program] });
  if (!stdout) throw new Error(stderr);
  return JSON.parse(stdout) as DifySecrets;
}

const program = `
import base64, json, os
from Cryptodome.Cipher import AES, PKCS1_OAEP
from Cryptodome.PublicKey import RSA
pair, key = RSA.generate(2048), os.urandom(16)
cipher = AES.new(key, AES.MODE_EAX)
content, tag = cipher.encrypt_and_digest(b"sk-of-a-provider")
sealed = b"HYBRID:" + PKCS1_OAEP.new(pair.publickey()).encrypt(key) + cipher.nonce + tag + content
config = {"openai_api_base": "https://example.com", "openai_api_key": base64.b64encode(sealed).decode()}
print(json.dumps({"privatePem": pair.export_key().decode(), "publicPem": pair.publickey().export_key().decode(), "config": json.dumps(config)}))
`;
