import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isSecret, plain, secret } from "../../../local/plugins/protocol/values.ts";
import { pluginVersion } from "../../../local/plugins/protocol/version.ts";
import { PluginProcess, urnOf } from "./pluginProcess.ts";

const password = urnOf("random:index/randomPassword:RandomPassword", "p");
const id = urnOf("random:index/randomId:RandomId", "i");
const bytes = urnOf("random:index/randomBytes:RandomBytes", "b");
const text = urnOf("random:index/randomString:RandomString", "s");

let plugin: PluginProcess;
beforeAll(async () => (plugin = await PluginProcess.start("random")), 60_000);
afterAll(() => plugin.stop());

describe("random plugin", () => {
  it("has the version that the npm package asks for", async () =>
    expect(await plugin.version()).toBe(pluginVersion("random")));

  it("makes a secret password of the wanted length and sorts", async () => {
    const { state } = await plugin.make(password, { length: 40, special: false, minUpper: 20, minNumeric: 19 });
    expect([isSecret(state.result), isSecret(state.bcryptHash)]).toEqual([true, true]);
    const { result, bcryptHash } = plain(state) as { result: string; bcryptHash: string };
    expect(result).toMatch(/^[A-Za-z0-9]{40}$/);
    expect(result.replace(/[^A-Z]/g, "").length).toBeGreaterThanOrEqual(20);
    expect(result.replace(/\D/g, "").length).toBeGreaterThanOrEqual(19);
    expect(bcryptHash).toMatch(/^\$2[aby]\$10\$/);
    expect(plain(state)).toMatchObject({ length: 40, special: false, numeric: true, minLower: 0 });
  });

  it("uses only the special characters it is given", async () => {
    const only = { length: 12, upper: false, lower: false, numeric: false, overrideSpecial: "_-" };
    expect(plain((await plugin.make(text, only)).state).result).toMatch(/^[_-]{12}$/);
  });

  it("writes the same bytes in every notation", async () => {
    const made = await plugin.make(id, { byteLength: 8, prefix: "x-" });
    const hex = (made.state as { hex: string }).hex.slice(2);
    const raw = Buffer.from(hex, "hex");
    expect(raw).toHaveLength(8);
    expect(made.id).toBe(raw.toString("base64url"));
    expect(made.state).toMatchObject({
      b64Std: `x-${raw.toString("base64")}`,
      b64Url: `x-${raw.toString("base64url")}`,
      dec: `x-${BigInt(`0x${hex}`)}`,
    });
    const { state } = await plugin.make(bytes, { length: 32 });
    expect(isSecret(state.base64) && isSecret(state.hex)).toBe(true);
    const { base64, hex: same } = plain(state) as { base64: string; hex: string };
    expect(Buffer.from(base64, "base64").toString("hex")).toBe(same);
  });

  it("keeps a value while its inputs stay, and replaces it when a keeper changes", async () => {
    const made = await plugin.make(password, { length: 20, keepers: { rotation: "1" } });
    expect(await plugin.diff(password, made, { ...made.inputs })).toMatchObject({ changed: false });
    expect(await plugin.diff(password, made, { length: 20, keepers: { rotation: "2" } })).toMatchObject({
      details: { "keepers.rotation": "UPDATE_REPLACE" },
      deleteBeforeReplace: false,
    });
    expect(await plugin.read(password, made)).toEqual(made);
  });

  it("previews without a value", async () => {
    const { id: made, state } = await plugin.create(password, { length: 20 }, { preview: true });
    expect([made, state.result]).toEqual(["", undefined]);
  });

  it("keeps what came from a secret input secret", async () => {
    const { state } = await plugin.make(id, { byteLength: 4, keepers: { k: secret("hush") } });
    expect(isSecret((state.keepers as Record<string, never>).k)).toBe(true);
  });

  it.each([
    [
      "minimums that do not fit",
      password,
      { length: 3, minLower: 4 },
      "length: must be at least the sum of the minimums, 4",
    ],
    [
      "no characters",
      password,
      { length: 3, lower: false, upper: false, numeric: false, special: false },
      "no sort of character",
    ],
    ["an unknown input", id, { byteLength: 4, size: 3 }, "size"],
  ])("refuses %s", async (_, urn, inputs, message) => {
    await expect(plugin.check(urn, inputs)).rejects.toThrow(message);
  });

  it("points to the official plugin for what it does not serve", async () => {
    await expect(plugin.check(urnOf("random:index/randomPet:RandomPet", "x"), {})).rejects.toThrow("use the official");
    await expect(plugin.read(password, { id: "none" })).rejects.toThrow("Importing random:index/randomPassword");
  });
});
