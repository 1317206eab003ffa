import type { Diff } from "./diff.ts";
import type { Log } from "./log.ts";
import type { Properties } from "./values.ts";

/** What every request about a resource says. */
export interface ResourceRequest {
  readonly urn: string;
  /** Type token, such as `random:index/randomPassword:RandomPassword`. */
  readonly type: string;
  /** The name given in the program. */
  readonly name: string;
  readonly log: Log;
  /** Aborted when the user cancels the operation. */
  readonly signal: AbortSignal;
}

/** For requests that may take long: `customTimeouts` in seconds, 0 when there is none. */
export interface TimedRequest extends ResourceRequest {
  readonly timeoutSeconds: number;
}

export interface CheckRequest extends ResourceRequest {
  readonly oldInputs: Properties;
  readonly inputs: Properties;
  /** The same in the preview and in the update that follows a saved plan. */
  readonly randomSeed: Uint8Array;
}

export interface CheckFailure {
  readonly property: string;
  readonly reason: string;
}

export interface CheckResult {
  readonly inputs: Properties;
  readonly failures?: readonly CheckFailure[];
}

export interface DiffRequest extends ResourceRequest {
  readonly id: string;
  readonly oldInputs: Properties;
  readonly oldState: Properties;
  readonly inputs: Properties;
}

export interface CreateRequest extends TimedRequest {
  readonly inputs: Properties;
  readonly preview: boolean;
}

export interface UpdateRequest extends TimedRequest, DiffRequest {
  readonly preview: boolean;
}

export interface ReadRequest extends ResourceRequest {
  readonly id: string;
  /** Both are empty when a resource is imported. */
  readonly inputs: Properties;
  readonly state: Properties;
}

export interface DeleteRequest extends TimedRequest {
  readonly id: string;
  readonly state: Properties;
}

export interface Created {
  readonly id: string;
  readonly state: Properties;
}

export interface Found extends Created {
  readonly inputs: Properties;
}

/** One kind of resource. Inputs and states come with their secrets marked. */
export interface Resource {
  check(request: CheckRequest): Promise<CheckResult>;
  diff(request: DiffRequest): Promise<Diff>;
  create(request: CreateRequest): Promise<Created>;
  update(request: UpdateRequest): Promise<Properties>;
  /** Undefined when it exists no more. */
  read(request: ReadRequest): Promise<Found | undefined>;
  delete(request: DeleteRequest): Promise<void>;
}

export interface Plugin {
  readonly version: string;
  configure(config: Properties, log: Log): Promise<void>;
  /** @throws when the plugin does not serve this type. */
  resource(type: string): Resource;
}

/** The resource exists but did not become ready: the engine keeps it in the state and tries again at the next update. */
export class NotReadyError extends Error {
  readonly found: Found;

  constructor(message: string, found: Found) {
    super(message);
    this.name = "NotReadyError";
    this.found = found;
  }
}

/** What the local plugins leave to the vendors' says so in one manner. */
export function unsupported(what: string): Error {
  return new Error(
    `${what} is not supported by the local plugin: use the official Pulumi CLI, which installs the official one`,
  );
}
