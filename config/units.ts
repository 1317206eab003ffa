import { z } from "zod";

/** Amount of memory or disk as Kubernetes writes it: "512Mi", "20Gi", "1Ti". */
export const bytes = z.string().regex(/^[1-9]\d*(Mi|Gi|Ti)$/, 'must be a size such as "512Mi" or "20Gi"');

/** Processor share as Kubernetes writes it: "250m" is a quarter of a core, "2" is two cores. */
export const cores = z.string().regex(/^[1-9]\d*m?$/, 'must be cores such as "2" or millicores such as "500m"');

/** What a container asks for. Memory is also its limit; processor time is not limited, so that spare cores are used. */
export const resources = (cpu: string, memory: string) =>
  z
    .strictObject({
      /** Share of processors that is requested; more is used when it is free. */
      cpu: cores.default(cpu),
      /** Memory that is requested, and the limit. */
      memory: bytes.default(memory),
    })
    .prefault({});

export type Resources = z.infer<ReturnType<typeof resources>>;

/** An image by name and version ("redis:8.0.2") or digest ("redis@sha256:..."); a moving tag such as latest is refused. */
export const image = z
  .string()
  .regex(
    /^[a-z0-9][\w./:-]*(:[\w][\w.-]*|@sha256:[0-9a-f]{64})$/,
    'must name a version or digest, such as "redis:8.0.2"',
  )
  .refine((name) => !name.endsWith(":latest"), "must not be a moving tag: name a version or a digest");

/** A DNS name such as "dify.example.com". */
export const hostname = z
  .string()
  .regex(/^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$/, 'must be a DNS name such as "dify.example.com"');

const byteUnits = { Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40 } as const;

/** Bytes of a size such as "20Gi". */
export function toBytes(size: string): number {
  const unit = size.slice(-2) as keyof typeof byteUnits;
  return Number(size.slice(0, -2)) * byteUnits[unit];
}

/** Thousandths of a core of a share such as "250m" or "2". */
export function toMillicores(share: string): number {
  return share.endsWith("m") ? Number(share.slice(0, -1)) : Number(share) * 1000;
}
