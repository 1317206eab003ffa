import { gatewayProcesses } from "../../components/dify/nginxConfig.ts";
import { most, pluginDaemonReplicas, websocketReplicas } from "../../components/dify/databaseClients.ts";
import type { Autoscaling } from "../../config/scaling.ts";
import type { Settings } from "../../config/settings.ts";
import { toBytes, toMillicores, type Resources } from "../../config/units.ts";
import type { Assumptions } from "./assumptions.ts";
import { figure, size, type Limit } from "./limit.ts";
import { connectionsOfPod } from "./postgres.ts";

const least = (replicas: number | Autoscaling) => (typeof replicas === "number" ? replicas : replicas.min);

/** Pods of one service, and what each asks of its node. */
interface Service {
  readonly least: number;
  readonly most: number;
  readonly resources: Resources;
}

/** Processors and bytes of memory that all pods of Dify ask for. */
export interface Room {
  readonly pods: number;
  readonly cores: number;
  readonly memory: number;
}

function services({ dify }: Pick<Settings, "dify">): Service[] {
  const { api, worker, beat, web, sandbox, ssrfProxy, gateway, pluginDaemon, websocket } = dify;
  const of = (replicas: number | Autoscaling, resources: Resources): Service => ({
    least: least(replicas),
    most: most(replicas),
    resources,
  });
  return [
    ...[api, worker, web, sandbox, ssrfProxy, gateway].map(({ replicas, resources }) => of(replicas, resources)),
    of(1, beat.resources),
    of(pluginDaemonReplicas(dify), pluginDaemon.resources),
    of(websocketReplicas(dify), websocket.resources),
  ];
}

/** What Dify's pods ask for with the fewest and with the most replicas; the agents' are not among them. */
export function difyRoom(settings: Pick<Settings, "dify">, bound: "least" | "most"): Room {
  const all = services(settings).map((service) => ({ pods: service[bound], ...service.resources }));
  const sum = (of: (service: (typeof all)[number]) => number) =>
    all.reduce((total, service) => total + service.pods * of(service), 0);
  return {
    pods: sum(() => 1),
    cores: sum(({ cpu }) => toMillicores(cpu) / 1000),
    memory: sum(({ memory }) => toBytes(memory)),
  };
}

/** How replicas grow: by themselves, or by a setting. */
function growing(path: string, replicas: number | Autoscaling): string {
  return typeof replicas === "number"
    ? `give \`${path}\` bounds (min, max): it is fixed, and no autoscaler adds any`
    : `a higher \`${path}.max\` (200 at most)`;
}

/** "2 to 12", or the one number. */
const between = (least: number, most: number) =>
  least === most ? figure(least) : `${figure(least)} to ${figure(most)}`;

/** What is left of `pods` that are spread over zones when one zone is lost. */
const withoutZone = (pods: number, zones: number) => pods - Math.ceil(pods / zones);

/** How far Dify's own services go. */
export function processLimits(
  settings: Pick<Settings, "cluster" | "dify" | "vectorStore">,
  assumed: Assumptions,
): Limit[] {
  const { api, worker, sandbox, gateway, websocket } = settings.dify;
  const zones = settings.cluster.zones.length;
  const streams = (pods: number) => pods * api.processes * api.connections;
  const [apis, workers, sandboxes] = [api, worker, sandbox].map(({ replicas }) => most(replicas)) as [
    number,
    number,
    number,
  ];
  const tasks = (pods: number) => pods * worker.concurrency;
  const anHour = (pods: number) => figure((tasks(pods) * 3600) / assumed.taskSeconds);
  const [few, many] = (["least", "most"] as const).map((bound) => difyRoom(settings, bound)) as [Room, Room];
  const websockets = websocketReplicas(settings.dify);
  const passing = (gateways: number) => (gateways * gatewayProcesses.number * gatewayProcesses.connections) / 2;
  return [
    {
      what: "Requests at once to the API; an answer that streams is one for all of its time",
      limit: `${between(least(api.replicas), apis)} pods x ${api.processes} x ${api.connections} = ${between(streams(least(api.replicas)), streams(apis))}`,
      met: `${figure(streams(apis))} streams; ${figure(streams(withoutZone(apis, zones)))} while a zone is lost. Further ones wait`,
      settings: ["dify.api.replicas", "dify.api.processes", "dify.api.connections"],
      next: `${growing("dify.api.replicas", api.replicas)}; each pod adds ${connectionsOfPod(settings)} connections to the database at the height of an update`,
    },
    {
      what: "Tasks at once: runs, indexing, mail",
      limit: `${between(least(worker.replicas), workers)} pods x ${worker.concurrency} = ${between(tasks(least(worker.replicas)), tasks(workers))}`,
      met: `${anHour(workers)} tasks an hour, of ${assumed.taskSeconds} s each; ${anHour(withoutZone(workers, zones))} while a zone is lost. Further ones wait in Redis`,
      settings: ["dify.worker.replicas", "dify.worker.concurrency"],
      next: `${growing("dify.worker.replicas", worker.replicas)}; workers of their own for a queue are not in this program (\`dify.worker.queues\` is for all of them)`,
    },
    {
      what: "Pieces of code at once",
      limit: `${between(least(sandbox.replicas), sandboxes)} pods x ${sandbox.workers} = ${between(least(sandbox.replicas) * sandbox.workers, sandboxes * sandbox.workers)}`,
      met: `${figure((sandboxes * sandbox.workers) / sandbox.timeoutSeconds)} a second of the longest, ${sandbox.timeoutSeconds} s`,
      settings: ["dify.sandbox.replicas", "dify.sandbox.workers", "dify.sandbox.timeoutSeconds"],
      next: growing("dify.sandbox.replicas", sandbox.replicas),
    },
    {
      what: "Requests at once through the gateway",
      limit: `${gateway.replicas} pods x ${gatewayProcesses.number} processes x ${gatewayProcesses.connections} connections, two a request`,
      met: `${figure(passing(gateway.replicas))}; ${figure(passing(withoutZone(gateway.replicas, zones)))} while a zone is lost`,
      settings: ["dify.gateway.replicas"],
      next: "a higher `dify.gateway.replicas` (50 at most); it has no autoscaler",
    },
    {
      what: "Plugins",
      limit: `${pluginDaemonReplicas(settings.dify)} daemons, each of which runs all plugins in ${settings.dify.pluginDaemon.resources.memory}`,
      met: `the plugins' processes need more than ${settings.dify.pluginDaemon.resources.memory} together: more daemons do not help, as each has all of them`,
      settings: ["dify.pluginDaemon.resources", "dify.pluginDaemon.replicas"],
      next: "more memory",
    },
    ...(websockets > 0
      ? [
          {
            what: "People on a canvas at once",
            limit: `${websockets} x ${figure(websocket.connections)} clients`,
            met: `${figure(websockets * websocket.connections)} clients`,
            settings: ["dify.websocket.connections", "dify.websocket.replicas"],
            next: "more connections; more replicas from Dify 1.16 on",
          },
        ]
      : []),
    {
      what: "Room on the nodes for Dify's pods",
      limit: `${between(few.pods, many.pods)} pods: ${between(few.cores, many.cores)} processors and ${few.memory === many.memory ? size(few.memory) : `${size(few.memory)} to ${size(many.memory)}`} of memory are asked for`,
      met: "the nodes of `dify.nodes` have less: pods of the autoscaler stay pending. One more of each service for the time of an update, and all of it on the zones that are left when one is lost",
      settings: ["dify.nodes", "dify.*.resources"],
      next: "more nodes, by an autoscaler of the cluster",
    },
  ];
}
