import * as grpc from "@grpc/grpc-js";
import provider from "@pulumi/pulumi/proto/provider_pb.js";
import status from "@pulumi/pulumi/proto/status_pb.js";
import any from "google-protobuf/google/protobuf/any_pb.js";
import struct from "google-protobuf/google/protobuf/struct_pb.js";
import { formatPath, type Diff } from "./diff.ts";
import { NotReadyError, type Found } from "./plugin.ts";
import type { Properties } from "./values.ts";

type Struct = InstanceType<typeof struct.Struct>;

export function fromStruct(message: Struct | undefined): Properties {
  return message ? message.toJavaScript() : {};
}

export function toStruct(properties: Properties): Struct {
  // JSON drops what is undefined, which a Struct cannot hold.
  const json = JSON.parse(JSON.stringify(properties)) as Parameters<typeof struct.Struct.fromJavaScript>[0];
  return struct.Struct.fromJavaScript(json);
}

export function diffResponse({ changes, deleteBeforeReplace }: Diff) {
  const { DiffResponse, PropertyDiff } = provider;
  const response = new DiffResponse();
  response.setChanges(changes.length > 0 ? DiffResponse.DiffChanges.DIFF_SOME : DiffResponse.DiffChanges.DIFF_NONE);
  response.setHasdetaileddiff(true);
  response.setDeletebeforereplace(deleteBeforeReplace ?? false);
  const kinds = {
    add: [PropertyDiff.Kind.ADD, PropertyDiff.Kind.ADD_REPLACE],
    delete: [PropertyDiff.Kind.DELETE, PropertyDiff.Kind.DELETE_REPLACE],
    update: [PropertyDiff.Kind.UPDATE, PropertyDiff.Kind.UPDATE_REPLACE],
  } as const;
  for (const change of changes) {
    const detail = new PropertyDiff();
    detail.setKind(kinds[change.kind][change.replace ? 1 : 0]);
    detail.setInputdiff(true);
    const path = formatPath(change.path);
    response.getDetaileddiffMap().set(path, detail);
    response.addDiffs(String(change.path[0] ?? ""));
    if (change.replace) response.addReplaces(path);
  }
  return response;
}

export function readResponse(found: Found | undefined) {
  const response = new provider.ReadResponse();
  if (!found) return response;
  response.setId(found.id);
  response.setInputs(toStruct(found.inputs));
  response.setProperties(toStruct(found.state));
  return response;
}

/** An error as gRPC carries it. One about a resource that exists but is not ready takes the resource's state along. */
export function serviceError(error: unknown, message: string): Partial<grpc.StatusObject> {
  if (!(error instanceof NotReadyError)) return { code: grpc.status.UNKNOWN, details: message };
  const detail = new provider.ErrorResourceInitFailed();
  detail.setId(error.found.id);
  detail.setProperties(toStruct(error.found.state));
  detail.setInputs(toStruct(error.found.inputs));
  detail.setReasonsList([message]);
  const packed = new any.Any();
  packed.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
  const body = new status.Status();
  body.setCode(grpc.status.UNKNOWN);
  body.setMessage(message);
  body.addDetails(packed);
  const metadata = new grpc.Metadata();
  metadata.add("grpc-status-details-bin", Buffer.from(body.serializeBinary()));
  return { code: grpc.status.UNKNOWN, details: message, metadata };
}
