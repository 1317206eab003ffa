import * as grpc from "@grpc/grpc-js";
import plugins from "@pulumi/pulumi/proto/plugin_pb.js";
import services from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import provider from "@pulumi/pulumi/proto/provider_pb.js";
import empty from "google-protobuf/google/protobuf/empty_pb.js";
import { EngineLog } from "./log.ts";
import { diffResponse, fromStruct, readResponse, serviceError, toStruct } from "./messages.ts";
import { unsupported, type Plugin, type ResourceRequest } from "./plugin.ts";
import { plain, redact, type Properties } from "./values.ts";

/** The largest message either side may send: that of Pulumi's own providers (400 MiB). */
const MESSAGE_LIMIT = 400 * 1024 * 1024;

/**
 * Serves a plugin as `pulumirpc.ResourceProvider` on a free loopback port and prints the port, as the engine expects. Previews
 * and secrets are supported, which the SDK's own provider server leaves out. Ends with the process that started it.
 */
export async function servePlugin(plugin: Plugin, engineAddress = process.argv[2]): Promise<void> {
  // Before it says anything: whoever started it may end as soon as it has heard the port.
  const parent = process.ppid;
  const options = { "grpc.max_receive_message_length": MESSAGE_LIMIT, "grpc.max_send_message_length": MESSAGE_LIMIT };
  const server = new grpc.Server(options);
  server.addService(services.ResourceProviderService, implementation(plugin, new EngineLog(engineAddress)));
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  // An engine that was killed cannot end its plugins.
  setInterval(() => process.ppid !== parent && process.exit(0), 2000).unref();
  console.log(String(port));
}

/** An answer to one kind of request; `secrets` is what must not appear in an error message. */
function answer<Request, Response>(
  respond: (request: Request) => Response | Promise<Response>,
  secrets: (request: Request) => Properties[] = () => [],
): grpc.handleUnaryCall<Request, Response> {
  return (call, callback) => {
    Promise.resolve()
      .then(() => respond(call.request))
      .then(
        (response) => callback(null, response),
        (error: unknown) => {
          const message = error instanceof Error ? error.message : String(error);
          callback(serviceError(error, redact(message, ...secrets(call.request))), null);
        },
      );
  };
}

function implementation(plugin: Plugin, log: EngineLog): grpc.UntypedServiceImplementation {
  const cancelled = new AbortController();
  const about = (request: { getUrn(): string; getType(): string; getName(): string }): ResourceRequest => {
    const urn = request.getUrn();
    // Engines before 3.130 send neither type nor name; both are in the URN.
    const [, , types = "", name = ""] = urn.split("::");
    const type = request.getType() || (types.split("$").pop() ?? "");
    return { urn, type, name: request.getName() || name, log, signal: cancelled.signal };
  };

  const served: Partial<services.IResourceProviderServer> = {
    getPluginInfo: answer(() => new plugins.PluginInfo().setVersion(plugin.version)),
    attach: answer((request) => {
      log.connect(request.getAddress());
      return new empty.Empty();
    }),
    cancel: answer(() => {
      cancelled.abort();
      return new empty.Empty();
    }),
    checkConfig: answer((request) => new provider.CheckResponse().setInputs(request.getNews())),
    diffConfig: answer((request) => {
      const [before, after] = [fromStruct(request.getOlds()), fromStruct(request.getNews())].map((value) =>
        plain(value),
      );
      const same = JSON.stringify(before) === JSON.stringify(after);
      const { DIFF_NONE, DIFF_SOME } = provider.DiffResponse.DiffChanges;
      return new provider.DiffResponse().setChanges(same ? DIFF_NONE : DIFF_SOME);
    }),
    configure: answer(async (request) => {
      await plugin.configure(plain(fromStruct(request.getArgs())), log);
      return new provider.ConfigureResponse().setAcceptsecrets(true).setSupportspreview(true);
    }),
    check: answer(
      async (request) => {
        const subject = about(request);
        const result = await plugin.resource(subject.type).check({
          ...subject,
          oldInputs: fromStruct(request.getOlds()),
          inputs: fromStruct(request.getNews()),
          randomSeed: request.getRandomseed_asU8(),
        });
        const response = new provider.CheckResponse().setInputs(toStruct(result.inputs));
        for (const { property, reason } of result.failures ?? [])
          response.addFailures(new provider.CheckFailure().setProperty(property).setReason(reason));
        return response;
      },
      (request) => [fromStruct(request.getNews())],
    ),
    diff: answer(
      async (request) => {
        const subject = about(request);
        const diff = await plugin.resource(subject.type).diff({
          ...subject,
          id: request.getId(),
          oldInputs: fromStruct(request.getOldInputs()),
          oldState: fromStruct(request.getOlds()),
          inputs: fromStruct(request.getNews()),
        });
        return diffResponse(diff);
      },
      (request) => [fromStruct(request.getOldInputs()), fromStruct(request.getNews())],
    ),
    create: answer(
      async (request) => {
        const subject = about(request);
        const { id, state } = await plugin.resource(subject.type).create({
          ...subject,
          inputs: fromStruct(request.getProperties()),
          preview: request.getPreview(),
          timeoutSeconds: request.getTimeout(),
        });
        return new provider.CreateResponse().setId(id).setProperties(toStruct(state));
      },
      (request) => [fromStruct(request.getProperties())],
    ),
    read: answer(
      async (request) => {
        const subject = about(request);
        const inputs = fromStruct(request.getInputs());
        const state = fromStruct(request.getProperties());
        return readResponse(
          await plugin.resource(subject.type).read({ ...subject, id: request.getId(), inputs, state }),
        );
      },
      (request) => [fromStruct(request.getInputs()), fromStruct(request.getProperties())],
    ),
    update: answer(
      async (request) => {
        const subject = about(request);
        const state = await plugin.resource(subject.type).update({
          ...subject,
          id: request.getId(),
          oldInputs: fromStruct(request.getOldInputs()),
          oldState: fromStruct(request.getOlds()),
          inputs: fromStruct(request.getNews()),
          preview: request.getPreview(),
          timeoutSeconds: request.getTimeout(),
        });
        return new provider.UpdateResponse().setProperties(toStruct(state));
      },
      (request) => [fromStruct(request.getOlds()), fromStruct(request.getNews())],
    ),
    delete: answer(
      async (request) => {
        const subject = about(request);
        const state = fromStruct(request.getProperties());
        const timeoutSeconds = request.getTimeout();
        await plugin.resource(subject.type).delete({ ...subject, id: request.getId(), state, timeoutSeconds });
        return new empty.Empty();
      },
      (request) => [fromStruct(request.getProperties())],
    ),
    invoke: answer((request) => Promise.reject(unsupported(`The function ${request.getTok()}`))),
    construct: answer((request) => Promise.reject(unsupported(`The component ${request.getType()}`))),
    call: answer((request) => Promise.reject(unsupported(`The method ${request.getTok()}`))),
  };
  return withDefaults(served);
}

/** The engine asks for newer methods first and falls back when they are not there. */
function withDefaults(served: Partial<services.IResourceProviderServer>): grpc.UntypedServiceImplementation {
  const missing: grpc.handleUnaryCall<unknown, unknown> = (_call, callback) =>
    callback({ code: grpc.status.UNIMPLEMENTED, details: "not served by the local plugin" }, null);
  const implementation: grpc.UntypedServiceImplementation = {};
  for (const name of Object.keys(services.ResourceProviderService)) implementation[name] = served[name] ?? missing;
  return implementation;
}
