import type { DifySettings } from "../../config/dify.ts";
import { difyVersion } from "./versions.ts";

/** The image of each workload. */
export type DifyImages = Readonly<
  Record<"api" | "web" | "pluginDaemon" | "sandbox" | "ssrfProxy" | "gateway" | "agentBackend" | "agentSandbox", string>
>;

/** Dify's own images of the version, unless the settings name others; all of them through the mirror, if there is one. */
export function difyImages({ version, images }: Pick<DifySettings, "version" | "images">): DifyImages {
  const { images: tags, agent } = difyVersion(version);
  const mirrored = (image: string) => (images.registry ? `${images.registry}/${image}` : image);
  return {
    api: mirrored(images.api ?? `langgenius/dify-api:${version}`),
    web: mirrored(images.web ?? `langgenius/dify-web:${version}`),
    pluginDaemon: mirrored(images.pluginDaemon ?? `langgenius/dify-plugin-daemon:${tags.pluginDaemon}`),
    sandbox: mirrored(images.sandbox ?? `langgenius/dify-sandbox:${tags.sandbox}`),
    ssrfProxy: mirrored(images.ssrfProxy),
    gateway: mirrored(images.gateway),
    agentBackend: mirrored(images.agentBackend ?? `langgenius/dify-agent-backend:${agent?.image ?? version}`),
    agentSandbox: mirrored(images.agentSandbox ?? `langgenius/dify-agent-local-sandbox:${agent?.image ?? version}`),
  };
}
