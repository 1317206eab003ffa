import { randomBytes } from "node:crypto";
import bcrypt from "bcryptjs";
import { z } from "zod";
import type { Resource } from "../protocol/plugin.ts";
import { valueResource, type ValueKind } from "../protocol/valueResource.ts";
import { randomText, textInputs, type TextInputs } from "./text.ts";

const keepers = z.record(z.string(), z.string()).optional();
const byteCount = z.number().int().min(1);

const password: ValueKind<TextInputs> = {
  inputs: textInputs,
  secretOutputs: ["result", "bcryptHash"],
  async make(inputs) {
    const result = randomText(inputs);
    const bcryptHash = await bcrypt.hash(result, 10);
    return { id: "none", outputs: { result, bcryptHash } };
  },
};

const text: ValueKind<TextInputs> = {
  inputs: textInputs,
  make(inputs) {
    const result = randomText(inputs);
    return Promise.resolve({ id: result, outputs: { result } });
  },
};

const idInputs = z.strictObject({ keepers, byteLength: byteCount, prefix: z.string().optional() });

const id: ValueKind<z.infer<typeof idInputs>> = {
  inputs: idInputs,
  make({ byteLength, prefix = "" }) {
    const bytes = randomBytes(byteLength);
    const b64Url = bytes.toString("base64url");
    const outputs = {
      b64Url: prefix + b64Url,
      b64Std: prefix + bytes.toString("base64"),
      hex: prefix + bytes.toString("hex"),
      dec: prefix + BigInt(`0x${bytes.toString("hex")}`).toString(),
    };
    return Promise.resolve({ id: b64Url, outputs });
  },
};

const bytesInputs = z.strictObject({ keepers, length: byteCount });

const bytes: ValueKind<z.infer<typeof bytesInputs>> = {
  inputs: bytesInputs,
  secretOutputs: ["base64", "hex"],
  make({ length }) {
    const made = randomBytes(length);
    return Promise.resolve({ id: "none", outputs: { base64: made.toString("base64"), hex: made.toString("hex") } });
  },
};

/** By type token. */
export const randomKinds: Readonly<Record<string, Resource>> = {
  "random:index/randomPassword:RandomPassword": valueResource(password),
  "random:index/randomString:RandomString": valueResource(text),
  "random:index/randomId:RandomId": valueResource(id),
  "random:index/randomBytes:RandomBytes": valueResource(bytes),
};
