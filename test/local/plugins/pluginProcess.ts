import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { createInterface } from "node:readline";
import * as grpc from "@grpc/grpc-js";
import services from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import provider from "@pulumi/pulumi/proto/provider_pb.js";
import status from "@pulumi/pulumi/proto/status_pb.js";
import empty from "google-protobuf/google/protobuf/empty_pb.js";
import { fromStruct, toStruct } from "../../../local/plugins/protocol/messages.ts";
import type { PluginName } from "../../../local/plugins/protocol/version.ts";
import type { Properties } from "../../../local/plugins/protocol/values.ts";
import { EngineStandIn } from "./engineStandIn.ts";

const REPOSITORY = path.resolve(import.meta.dirname, "../../..");
const NODE = path.join(REPOSITORY, "node_modules/.bin/node");

export interface ResourceState {
  readonly id: string;
  readonly inputs: Properties;
  readonly state: Properties;
}

export interface ShownDiff {
  readonly changed: boolean;
  /** path: kind, such as `spec.replicas: UPDATE`. */
  readonly details: Readonly<Record<string, string>>;
  readonly replaces: readonly string[];
  readonly deleteBeforeReplace: boolean;
}

/** A plugin as the engine runs it: a process of its own, spoken to over gRPC as the engine does. */
export class PluginProcess {
  readonly engine: EngineStandIn;
  readonly #process: ChildProcess;
  readonly #client: InstanceType<typeof services.ResourceProviderClient>;

  private constructor(
    process: ChildProcess,
    client: InstanceType<typeof services.ResourceProviderClient>,
    engine: EngineStandIn,
  ) {
    this.#process = process;
    this.#client = client;
    this.engine = engine;
  }

  static async start(
    name: PluginName,
    config: Properties = {},
    environment: NodeJS.ProcessEnv = {},
  ): Promise<PluginProcess> {
    const engine = await EngineStandIn.start();
    const main = path.join(REPOSITORY, "local/plugins", name, "main.ts");
    const child = spawn(NODE, [main, engine.address], {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, ...environment },
    });
    const [port] = (await once(createInterface(child.stdout), "line")) as [string];
    const client = new services.ResourceProviderClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
    const plugin = new PluginProcess(child, client, engine);
    await plugin.configure(config);
    return plugin;
  }

  async stop(): Promise<void> {
    this.#client.close();
    this.#process.kill();
    await once(this.#process, "exit");
    this.engine.stop();
  }

  configure(config: Properties) {
    const request = new provider.ConfigureRequest().setArgs(toStruct(config)).setAcceptsecrets(true);
    return call<InstanceType<typeof provider.ConfigureResponse>>((answer) => this.#client.configure(request, answer));
  }

  version(): Promise<string> {
    return call<{ getVersion(): string }>((answer) => this.#client.getPluginInfo(new empty.Empty(), answer)).then(
      (info) => info.getVersion(),
    );
  }

  /** @throws with the failures, as the engine reports them. */
  async check(urn: string, inputs: Properties, oldInputs: Properties = {}): Promise<Properties> {
    const request = new provider.CheckRequest().setUrn(urn).setNews(toStruct(inputs)).setOlds(toStruct(oldInputs));
    request.setRandomseed(crypto.getRandomValues(new Uint8Array(32)));
    const response = await call<InstanceType<typeof provider.CheckResponse>>((answer) =>
      this.#client.check(request, answer),
    );
    const failures = response.getFailuresList().map((failure) => `${failure.getProperty()}: ${failure.getReason()}`);
    if (failures.length > 0) throw new Error(failures.join("\n"));
    return fromStruct(response.getInputs());
  }

  async diff(urn: string, old: ResourceState, inputs: Properties): Promise<ShownDiff> {
    const request = new provider.DiffRequest().setUrn(urn).setId(old.id).setOlds(toStruct(old.state));
    request.setOldInputs(toStruct(old.inputs)).setNews(toStruct(inputs));
    const response = await call<InstanceType<typeof provider.DiffResponse>>((answer) =>
      this.#client.diff(request, answer),
    );
    const names = Object.entries(provider.PropertyDiff.Kind);
    const details: Record<string, string> = {};
    response.getDetaileddiffMap().forEach((detail, at) => {
      details[at] = names.find(([, value]) => Number(value) === Number(detail.getKind()))?.[0] ?? "";
    });
    return {
      changed: response.getChanges() === provider.DiffResponse.DiffChanges.DIFF_SOME,
      details,
      replaces: response.getReplacesList(),
      deleteBeforeReplace: response.getDeletebeforereplace(),
    };
  }

  async create(
    urn: string,
    inputs: Properties,
    options: { preview?: boolean; timeout?: number } = {},
  ): Promise<ResourceState> {
    const request = new provider.CreateRequest().setUrn(urn).setProperties(toStruct(inputs));
    request.setPreview(options.preview ?? false).setTimeout(options.timeout ?? 0);
    const response = await call<InstanceType<typeof provider.CreateResponse>>((answer) =>
      this.#client.create(request, answer),
    );
    return { id: response.getId(), inputs, state: fromStruct(response.getProperties()) };
  }

  /** Checks, then creates, as an update of a new resource does. */
  async make(urn: string, inputs: Properties, options: { timeout?: number } = {}): Promise<ResourceState> {
    return this.create(urn, await this.check(urn, inputs), options);
  }

  async update(
    urn: string,
    old: ResourceState,
    inputs: Properties,
    options: { preview?: boolean; timeout?: number } = {},
  ): Promise<ResourceState> {
    const request = new provider.UpdateRequest().setUrn(urn).setId(old.id).setOlds(toStruct(old.state));
    request.setOldInputs(toStruct(old.inputs)).setNews(toStruct(inputs));
    request.setPreview(options.preview ?? false).setTimeout(options.timeout ?? 0);
    const response = await call<InstanceType<typeof provider.UpdateResponse>>((answer) =>
      this.#client.update(request, answer),
    );
    return { id: old.id, inputs, state: fromStruct(response.getProperties()) };
  }

  /** Undefined when it is gone. */
  async read(urn: string, old: Pick<ResourceState, "id"> & Partial<ResourceState>): Promise<ResourceState | undefined> {
    const request = new provider.ReadRequest().setUrn(urn).setId(old.id);
    request.setInputs(toStruct(old.inputs ?? {})).setProperties(toStruct(old.state ?? {}));
    const response = await call<InstanceType<typeof provider.ReadResponse>>((answer) =>
      this.#client.read(request, answer),
    );
    if (response.getId() === "") return undefined;
    return {
      id: response.getId(),
      inputs: fromStruct(response.getInputs()),
      state: fromStruct(response.getProperties()),
    };
  }

  async delete(urn: string, old: ResourceState, options: { timeout?: number } = {}): Promise<void> {
    const request = new provider.DeleteRequest().setUrn(urn).setId(old.id).setProperties(toStruct(old.state));
    request.setTimeout(options.timeout ?? 0);
    await call((answer) => this.#client.delete(request, answer));
  }

  cancel(): Promise<unknown> {
    return call((answer) => this.#client.cancel(new empty.Empty(), answer));
  }

  invoke(token: string): Promise<unknown> {
    return call((answer) => this.#client.invoke(new provider.InvokeRequest().setTok(token), answer));
  }
}

/** What the engine keeps of a resource that was made but did not become ready. */
export function initErrorOf(error: Error): ResourceState {
  const { metadata } = error.cause as grpc.ServiceError;
  const [packed] = metadata.get("grpc-status-details-bin");
  const [detail] = status.Status.deserializeBinary(packed as Buffer).getDetailsList();
  const failed = provider.ErrorResourceInitFailed.deserializeBinary(detail?.getValue_asU8() ?? new Uint8Array());
  return { id: failed.getId(), inputs: fromStruct(failed.getInputs()), state: fromStruct(failed.getProperties()) };
}

/** As the engine makes them. */
export function urnOf(type: string, name: string): string {
  return `urn:pulumi:test::plugins::${type}::${name}`;
}

function call<Response>(
  send: (answer: (error: grpc.ServiceError | null, response: Response) => void) => unknown,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    send((error, response) => (error ? reject(new Error(error.details, { cause: error })) : resolve(response)));
  });
}
