import { servePlugin } from "../protocol/serve.ts";
import { tablePlugin } from "../protocol/table.ts";
import { randomKinds } from "./kinds.ts";

await servePlugin(tablePlugin("random", randomKinds));
