import { KubeConfig } from "@kubernetes/client-node/dist/config.js";
import { unsupported } from "../protocol/plugin.ts";
import { UNKNOWN, type Properties } from "../protocol/values.ts";

/** What the program sets on its `kubernetes.Provider`. */
export interface Settings {
  /** Undefined when there is none; the reason is in {@link Settings.noClusterReason}. */
  readonly kubeConfig?: KubeConfig;
  readonly noClusterReason?: string;
  /** For objects that name none: the provider's, else the context's, else "default". */
  readonly namespace: string;
  /** Change the data of a ConfigMap or Secret in place, instead of replacing it. */
  readonly mutable: { readonly ConfigMap: boolean; readonly Secret: boolean };
  /** Take over fields that another manager owns, for every resource. */
  readonly patchForce: boolean;
}

/** `clusterIdentifier` and the options that only quieten the vendor's plugin are accepted and have no effect. */
const REFUSED = ["renderYamlToDirectory", "helmReleaseSettings"];

/** @throws for settings that ask for what this plugin does not do. */
export function readSettings(config: Properties, environment: NodeJS.ProcessEnv = process.env): Settings {
  const text = (name: string): string | undefined => {
    const value = config[name];
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  // The SDK sends everything but text as JSON.
  const flag = (name: string, variable: string): boolean => (text(name) ?? environment[variable]) === "true";
  for (const name of REFUSED) if (text(name)) throw unsupported(`The provider's option ${name}`);
  if (text("enableServerSideApply") === "false") throw unsupported("A provider without server-side apply");

  const shared = {
    mutable: {
      ConfigMap: flag("enableConfigMapMutable", "PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE"),
      Secret: flag("enableSecretMutable", "PULUMI_K8S_ENABLE_SECRET_MUTABLE"),
    },
    patchForce: flag("enablePatchForce", "PULUMI_K8S_ENABLE_PATCH_FORCE"),
  };
  try {
    const kubeConfig = loadKubeConfig(text("kubeconfig"), environment);
    const context = text("context");
    if (context) {
      if (!kubeConfig.getContextObject(context)) throw new Error(`the kubeconfig has no context "${context}"`);
      kubeConfig.setCurrentContext(context);
    }
    const { cluster, namespace } = kubeConfig.getContextObject(kubeConfig.getCurrentContext()) ?? {};
    if (!kubeConfig.getCurrentCluster())
      throw new Error(`the kubeconfig's current context names no cluster (${cluster})`);
    return { ...shared, kubeConfig, namespace: text("namespace") ?? namespace ?? "default" };
  } catch (error) {
    const noClusterReason = error instanceof Error ? error.message : String(error);
    return { ...shared, noClusterReason, namespace: text("namespace") ?? "default" };
  }
}

function loadKubeConfig(given: string | undefined, environment: NodeJS.ProcessEnv): KubeConfig {
  const kubeConfig = new KubeConfig();
  if (given === UNKNOWN) throw new Error("the provider's kubeconfig is not known yet");
  if (given === undefined) {
    if (environment.KUBECONFIG) kubeConfig.loadFromDefault();
    else kubeConfig.loadFromFile(`${environment.HOME ?? ""}/.kube/config`);
  } else if (given.includes("\n") || given.trimStart().startsWith("{")) kubeConfig.loadFromString(given);
  else kubeConfig.loadFromFile(given.replace(/^~(?=\/)/, environment.HOME ?? "~"));
  return kubeConfig;
}
