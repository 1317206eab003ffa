import type { DifySettings } from "../../config/dify.ts";

/** How a pod that carries runs ends without cutting any of them off. All in seconds. */
export interface Termination {
  /** Wait before the program is told to end, until nobody sends new requests: endpoints spread through kube-proxy within seconds. */
  readonly drain: number;
  /** What the program then has to finish its longest run. */
  readonly finish: number;
  /** After this the pod is killed. */
  readonly grace: number;
}

const drain = 10;
/** Between the end of the longest run and the end of the process: its last writes. */
const margin = 30;

/** Of api, worker, websocket, gateway: a run goes through all of them. */
export function runTermination({ maxExecutionSeconds }: Pick<DifySettings, "maxExecutionSeconds">): Termination {
  const finish = maxExecutionSeconds + margin;
  return { drain, finish, grace: drain + finish + margin };
}

/** Of what answers within seconds: pages, code, requests through the proxy. */
export function shortTermination(longestAnswer = 20): Termination {
  return { drain, finish: longestAnswer, grace: drain + longestAnswer + margin };
}

/** Lifecycle of a container that keeps serving while it is taken out of the endpoints. */
export function drainFirst({ drain }: Termination): { preStop: { sleep: { seconds: number } } } {
  return { preStop: { sleep: { seconds: drain } } };
}
