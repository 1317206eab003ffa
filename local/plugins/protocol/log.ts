import * as grpc from "@grpc/grpc-js";
import engineService from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import engine from "@pulumi/pulumi/proto/engine_pb.js";

/** Messages to the user, beside the resource they are about. */
export interface Log {
  /** One line that the next one replaces: how far a wait has come. */
  status(urn: string, message: string): void;
  info(urn: string, message: string): void;
  warning(urn: string, message: string): void;
}

type Severity = keyof Pick<typeof engine.LogSeverity, "INFO" | "WARNING">;

/** Sends messages to the engine. Without an address (a plugin started by hand) and when the engine is gone, they are dropped. */
export class EngineLog implements Log {
  #client: InstanceType<typeof engineService.EngineClient> | undefined;

  constructor(address?: string) {
    if (address) this.connect(address);
  }

  connect(address: string): void {
    this.#client?.close();
    this.#client = new engineService.EngineClient(address, grpc.credentials.createInsecure());
  }

  status(urn: string, message: string): void {
    this.#send("INFO", urn, message, true);
  }

  info(urn: string, message: string): void {
    this.#send("INFO", urn, message, false);
  }

  warning(urn: string, message: string): void {
    this.#send("WARNING", urn, message, false);
  }

  #send(severity: Severity, urn: string, message: string, ephemeral: boolean): void {
    const request = new engine.LogRequest();
    request.setSeverity(engine.LogSeverity[severity]);
    request.setUrn(urn);
    request.setMessage(message);
    request.setEphemeral(ephemeral);
    this.#client?.log(request, () => {
      // A message that cannot be shown must not fail the operation it is about.
    });
  }
}
