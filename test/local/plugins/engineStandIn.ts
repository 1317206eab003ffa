import * as grpc from "@grpc/grpc-js";
import services from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import engine from "@pulumi/pulumi/proto/engine_pb.js";
import empty from "google-protobuf/google/protobuf/empty_pb.js";

export interface Message {
  readonly severity: "status" | "info" | "warning";
  readonly urn: string;
  readonly text: string;
}

/** The side of the engine that plugins send their messages to. */
export class EngineStandIn {
  readonly messages: Message[] = [];
  readonly #server = new grpc.Server();
  address = "";

  static async start(): Promise<EngineStandIn> {
    const standIn = new EngineStandIn();
    const log: grpc.handleUnaryCall<InstanceType<typeof engine.LogRequest>, unknown> = ({ request }, answer) => {
      const warning = request.getSeverity() === engine.LogSeverity.WARNING;
      const severity = request.getEphemeral() ? "status" : warning ? "warning" : "info";
      standIn.messages.push({ severity, urn: request.getUrn(), text: request.getMessage() });
      answer(null, new empty.Empty());
    };
    standIn.#server.addService({ log: services.EngineService.log }, { log });
    const port = await new Promise<number>((resolve, reject) => {
      const credentials = grpc.ServerCredentials.createInsecure();
      standIn.#server.bindAsync("127.0.0.1:0", credentials, (error, bound) => (error ? reject(error) : resolve(bound)));
    });
    standIn.address = `127.0.0.1:${port}`;
    return standIn;
  }

  stop(): void {
    this.#server.forceShutdown();
  }

  texts(severity: Message["severity"], urn?: string): string[] {
    return this.messages
      .filter((each) => each.severity === severity && (!urn || each.urn === urn))
      .map(({ text }) => text);
  }
}
