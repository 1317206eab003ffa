import { Failure, messageOf } from "../../local/failure.ts";
import { clusterConfig, clusterProblem } from "../cluster.ts";
import { forwardService, serviceOf } from "../objectStore/forward.ts";
import type { OutputNames, ReadOutputs } from "../outputs.ts";
import { readConfig, type RunningConfig } from "./recipients.ts";

/** Outputs that say where Alertmanager is, and which alerts are the stack's. */
export const noticeOutputs = {
  needed: ["appNamespace"],
  optional: ["alertmanagerEndpoint", "clusterContext"],
} as const satisfies OutputNames;

export type NoticeOutputs = ReadOutputs<typeof noticeOutputs>;

/** An alert as Alertmanager's API takes it. */
export interface Alert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: string;
  readonly endsAt: string;
}

/** A running Alertmanager. */
export interface Alertmanager {
  config(): Promise<RunningConfig>;
  post(alert: Alert): Promise<void>;
  close(): void;
}

/**
 * Finds the way to Alertmanager: to its URL, or through the Kubernetes API where the URL is a Service's.
 * @param url In place of what the outputs say.
 */
export async function openAlertmanager(outputs: NoticeOutputs, url: string | undefined): Promise<Alertmanager> {
  const endpoint = url ?? outputs.alertmanagerEndpoint;
  if (endpoint === undefined)
    throw new Failure("The stack does not say where Alertmanager is: give --url, such as that of a port-forward.");
  const service = URL.canParse(endpoint) ? serviceOf(endpoint) : undefined;
  if (!service) return alertmanagerAt(endpoint, () => {});
  const config = clusterConfig(outputs.clusterContext);
  try {
    const forward = await forwardService(config, service);
    return alertmanagerAt(`http://127.0.0.1:${forward.port}`, () => forward.close());
  } catch (error) {
    throw new Failure(`Alertmanager is not reached at ${endpoint}: ${clusterProblem(error, config)}`);
  }
}

function alertmanagerAt(url: string, close: () => void): Alertmanager {
  const ask = async (path: string, init?: RequestInit): Promise<string> => {
    let answer: Response;
    let text: string;
    try {
      answer = await fetch(`${url.replace(/\/$/, "")}/api/v2/${path}`, {
        ...init,
        signal: AbortSignal.timeout(20_000),
      });
      text = await answer.text();
    } catch (error) {
      const { cause } = error as { cause?: unknown };
      throw new Failure(`Alertmanager does not answer at ${url}: ${messageOf(cause ?? error)}`);
    }
    if (!answer.ok) throw new Failure(`Alertmanager refuses: ${answer.status} ${text.trim()}`);
    return text;
  };
  return {
    config: async () => {
      const { config } = JSON.parse(await ask("status")) as { config: { original: string } };
      return readConfig(config.original);
    },
    post: async (alert) => {
      const headers = { "Content-Type": "application/json" };
      await ask("alerts", { method: "POST", headers, body: JSON.stringify([alert]) });
    },
    close,
  };
}
