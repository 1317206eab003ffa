import { isIP } from "node:net";
import { SubjectAlternativeNameExtension, type Extension, type JsonGeneralNames } from "@peculiar/x509";
import { z } from "zod";

/** Other names under which the subject is reached. */
export const namesInputs = {
  dnsNames: z.array(z.string().min(1)).optional(),
  ipAddresses: z.array(z.string().refine((text) => isIP(text) !== 0, "must be an IP address")).optional(),
  uris: z.array(z.url()).optional(),
};

export interface Names {
  readonly dnsNames?: string[] | undefined;
  readonly ipAddresses?: string[] | undefined;
  readonly uris?: string[] | undefined;
}

export function nameExtensions({ dnsNames = [], ipAddresses = [], uris = [] }: Names): Extension[] {
  const names: JsonGeneralNames = [
    ...dnsNames.map((value) => ({ type: "dns", value }) as const),
    ...ipAddresses.map((value) => ({ type: "ip", value }) as const),
    ...uris.map((value) => ({ type: "url", value }) as const),
  ];
  return names.length > 0 ? [new SubjectAlternativeNameExtension(names)] : [];
}
