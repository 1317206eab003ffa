import * as pulumi from "@pulumi/pulumi";

/** A resource as it was registered: what the program asked for. */
export interface Declared {
  readonly type: string;
  readonly name: string;
  /** What it asked for, each text inside a secret replaced by `secretMarker`. */
  readonly inputs: Record<string, unknown>;
  /** The same with secrets in the clear, to assert on what pods will read. */
  readonly revealed: Record<string, unknown>;
  /** Pulumi refuses to delete it. */
  readonly protected: boolean;
  /** It stays in the cluster when it leaves the program. */
  readonly retained: boolean;
  /** Name of the provider that makes it; empty for components, and where none is chosen. */
  readonly provider: string;
  /** Names that it had before: a rename without one deletes and makes it anew. */
  readonly formerNames: readonly string[];
  /** What stands for the values that its provider would compute, secrets in the clear. */
  readonly computed: Readonly<Record<string, unknown>>;
}

export const secretMarker = "[secret]";

const signature = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";

const secret = (value: string) => ({ [signature]: secretSignature, value });

function isSecret(value: object): value is { value: unknown } {
  return (value as Record<string, unknown>)[signature] === secretSignature;
}

/** A value off the wire without its secrets' wrapping. */
function unwrap(value: unknown, onSecret: (inner: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map((v) => unwrap(v, onSecret));
  if (typeof value !== "object" || value === null) return value;
  if (isSecret(value)) return onSecret(unwrap(value.value, onSecret));
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, unwrap(v, onSecret)]));
}

const inClear = (inner: unknown) => inner;

/** A secret's shape without its contents: the keys of a Secret are no secret. */
function masked(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(masked);
  if (typeof value !== "object" || value === null) return secretMarker;
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, masked(v)]));
}

/** What providers would compute: recognizable, the same in every run, and secret where theirs is. */
function computed(type: string, name: string, inputs: Record<string, unknown>): Record<string, unknown> {
  switch (type) {
    case "kubernetes:core/v1:Secret":
      return { data: inputs["data"] ?? inputs["stringData"] };
    case "random:index/randomPassword:RandomPassword":
      return { result: secret(`generated-password-of-${name}`) };
    case "random:index/randomBytes:RandomBytes":
      return { base64: secret(Buffer.from(name.padEnd(32, "-").slice(0, 32)).toString("base64")) };
    case "tls:index/privateKey:PrivateKey":
      return { privateKeyPem: secret(`-----BEGIN PRIVATE KEY-----\n${name}\n-----END PRIVATE KEY-----\n`) };
    case "tls:index/certRequest:CertRequest":
      return { certRequestPem: `-----BEGIN CERTIFICATE REQUEST-----\n${name}\n-----END CERTIFICATE REQUEST-----\n` };
    case "tls:index/selfSignedCert:SelfSignedCert":
    case "tls:index/locallySignedCert:LocallySignedCert":
      return { certPem: `-----BEGIN CERTIFICATE-----\n${name}\n-----END CERTIFICATE-----\n` };
    case "aws:kms/key:Key":
      return { keyId: `${name}-key`, arn: `arn:aws:kms:::key/${name}-key` };
    case "aws:iam/role:Role":
      return { arn: `arn:aws:iam:::role/${String(inputs["name"])}` };
    case "aws:iam/accessKey:AccessKey":
      return { secret: secret(`secret-key-of-${name}`) };
    default:
      return {};
  }
}

/** The parts of the SDK's mock monitor that tell what goes over the wire. */
interface Monitor {
  registerResource(request: RegisterRequest, callback: unknown): Promise<void>;
}
interface RegisterRequest {
  getType(): string;
  getName(): string;
  getObject(): { toJavaScript(): Record<string, unknown> } | undefined;
  getProtect(): boolean;
  getRetainondelete(): boolean;
  getProvider(): string;
  getAliasesList(): { getSpec(): { getName(): string } | undefined }[];
}

/**
 * Runs a declaration against mocks in place of an engine and returns what it registered, in order.
 * @example const resources = await declare(() => new Redis("redis", args));
 */
export async function declare(program: () => unknown, stack = "test"): Promise<Declared[]> {
  const declared: Declared[] = [];
  await pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs }) => ({
        id: `${name}-id`,
        state: { ...(inputs as Record<string, unknown>), ...computed(type, name, inputs as Record<string, unknown>) },
      }),
      call: ({ inputs }) => inputs as Record<string, unknown>,
    },
    "dify-ha",
    stack,
  );
  const monitor = pulumi.runtime.getMonitor() as unknown as Monitor;
  const register = monitor.registerResource.bind(monitor);
  monitor.registerResource = (request, callback) => {
    const wire = request.getObject()?.toJavaScript() ?? {};
    declared.push({
      type: request.getType(),
      name: request.getName(),
      inputs: unwrap(wire, masked) as Declared["inputs"],
      revealed: unwrap(wire, inClear) as Declared["revealed"],
      protected: request.getProtect(),
      retained: request.getRetainondelete(),
      // A reference is the provider's URN, of which the name is the end, and its id.
      provider: request.getProvider().split("::").at(-2) ?? "",
      formerNames: request.getAliasesList().flatMap((alias) => alias.getSpec()?.getName() ?? []),
      computed: unwrap(computed(request.getType(), request.getName(), wire), inClear) as Declared["computed"],
    });
    return register(request, callback);
  };
  // Ends when every resource and every output behind it has settled; an error of any of them is thrown.
  await pulumi.runtime.runInPulumiStack(() => Promise.resolve(program()));
  await pulumi.runtime.disconnect();
  return declared.filter(({ type }) => type !== "pulumi:pulumi:Stack");
}
