import { servePlugin } from "../protocol/serve.ts";
import { tablePlugin } from "../protocol/table.ts";
import { localInputs, remoteInputs } from "./inputs.ts";
import { runLocally } from "./local.ts";
import { runRemotely } from "./remote.ts";
import { commandResource } from "./resource.ts";

await servePlugin(
  tablePlugin("command", {
    "command:local:Command": commandResource(localInputs, runLocally),
    "command:remote:Command": commandResource(remoteInputs, runRemotely),
  }),
);
