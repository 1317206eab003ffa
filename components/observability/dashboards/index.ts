import type { Settings } from "../../../config/settings.ts";
import { availability } from "./availability.ts";
import { backup } from "./backup.ts";
import type { Dashboard } from "./dashboard.ts";

/** Every page under the given settings: each only of what the stack has. */
export const dashboards = (settings: Settings): readonly Dashboard[] => [availability(settings), backup(settings)];
