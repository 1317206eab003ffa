import { ExtendedKeyUsageExtension, KeyUsageFlags, KeyUsagesExtension, type Extension } from "@peculiar/x509";
import { z } from "zod";

const KEY_USAGES = {
  digital_signature: KeyUsageFlags.digitalSignature,
  content_commitment: KeyUsageFlags.nonRepudiation,
  key_encipherment: KeyUsageFlags.keyEncipherment,
  data_encipherment: KeyUsageFlags.dataEncipherment,
  key_agreement: KeyUsageFlags.keyAgreement,
  cert_signing: KeyUsageFlags.keyCertSign,
  crl_signing: KeyUsageFlags.cRLSign,
  encipher_only: KeyUsageFlags.encipherOnly,
  decipher_only: KeyUsageFlags.decipherOnly,
} as const;

const EXTENDED_KEY_USAGES = {
  any_extended: "2.5.29.37.0",
  server_auth: "1.3.6.1.5.5.7.3.1",
  client_auth: "1.3.6.1.5.5.7.3.2",
  code_signing: "1.3.6.1.5.5.7.3.3",
  email_protection: "1.3.6.1.5.5.7.3.4",
  ipsec_end_system: "1.3.6.1.5.5.7.3.5",
  ipsec_tunnel: "1.3.6.1.5.5.7.3.6",
  ipsec_user: "1.3.6.1.5.5.7.3.7",
  timestamping: "1.3.6.1.5.5.7.3.8",
  ocsp_signing: "1.3.6.1.5.5.7.3.9",
} as const;

type KeyUsage = keyof typeof KEY_USAGES;
type ExtendedKeyUsage = keyof typeof EXTENDED_KEY_USAGES;
type Use = KeyUsage | ExtendedKeyUsage;

/** What a certificate may be used for. */
export const usesInputs = z.array(z.enum([...keys(KEY_USAGES), ...keys(EXTENDED_KEY_USAGES)]));

export function useExtensions(uses: readonly Use[]): Extension[] {
  const flags = uses.reduce((sum, use) => sum | (use in KEY_USAGES ? KEY_USAGES[use as KeyUsage] : 0), 0);
  const extended = uses.flatMap((use) =>
    use in EXTENDED_KEY_USAGES ? [EXTENDED_KEY_USAGES[use as ExtendedKeyUsage]] : [],
  );
  return [
    ...(flags ? [new KeyUsagesExtension(flags, true)] : []),
    ...(extended.length > 0 ? [new ExtendedKeyUsageExtension(extended)] : []),
  ];
}

function keys<Name extends string>(table: Readonly<Record<Name, unknown>>): Name[] {
  return Object.keys(table) as Name[];
}
