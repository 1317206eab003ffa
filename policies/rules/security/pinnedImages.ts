import { containersOf } from "../../read/pods.ts";
import { text } from "../../read/values.ts";
import { rule } from "../../rule.ts";

/** An image as a container names it. */
export interface NamedImage {
  readonly container: string;
  readonly image: string | undefined;
}

const digest = /@sha256:[0-9a-f]{64}$/;
/** At least two parts of a version, so that "17" and "pg17" count as tags that move. */
const version = /:[\w.-]*\d[._-]\d[\w.-]*$/;

/** H14: what runs tomorrow is what was tested today. */
export function imageViolations({ container, image }: NamedImage, requireDigest: boolean): string[] {
  if (image === undefined) return [`container "${container}" names no image: set one with its version`];
  if (digest.test(image)) return [];
  if (requireDigest) return [`container "${container}" runs ${image} without a digest: name it as IMAGE@sha256:DIGEST`];
  return version.test(image)
    ? []
    : [`container "${container}" runs ${image}, which may change under the same name: name a full version or a digest`];
}

export const pinnedImages = rule({
  name: "pinned-images",
  requirement: "H14",
  description: "Every image is named by a version or a digest.",
  why: "A tag that moves runs something tomorrow that nobody has tested.",
  remediation: "Name images by a full version, or better by IMAGE@sha256:DIGEST.",
  severity: "medium",
  sees: "resource",
  parameters: {
    requireDigest: {
      type: "boolean",
      description: "Accept digests only: a registry can put another image under the same version.",
      default: false,
    },
  },
  subjects: (resource) =>
    containersOf(resource).map(({ name, definition }) => ({ container: name, image: text(definition, "image") })),
  check: (image, { requireDigest }) => imageViolations(image, requireDigest),
});
