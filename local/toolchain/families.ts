/** Programs that are built from one Go module of ours (`go/<folder>/go.mod`); one module per family since their dependencies clash. */
export interface Family {
  /** Why it is built, as the progress display says it. */
  readonly purpose: string;
  /** Time of a first build on 2 cores, downloads included, in minutes. */
  readonly minutes: number;
  /** Below the toolchain folder. The engine's programs lie apart: a language host beside `pulumi` counts as bundled with it. */
  readonly folder: "bin" | "engine";
  /**
   * Program -> the package it is built from: a `tool` line of the go.mod, which keeps its dependencies in go.sum, or "." for
   * the main.go beside it.
   */
  readonly programs: Readonly<Record<string, string>>;
  /** Arguments of `go build` beside those that all share. */
  readonly flags?: readonly string[];
}

const kubernetesVersion = { git: "v1.36.2", major: "1", minor: "36" };
const pulumiVersion = "v3.259.0";

/** Kubernetes reads its version from two packages; unset, the API server calls itself v0.0.0 and clients refuse it. */
const kubernetesStamp = ["k8s.io/component-base/version", "k8s.io/client-go/pkg/version"]
  .flatMap((pkg) => [
    `-X ${pkg}.gitVersion=${kubernetesVersion.git}`,
    `-X ${pkg}.gitMajor=${kubernetesVersion.major}`,
    `-X ${pkg}.gitMinor=${kubernetesVersion.minor}`,
  ])
  .join(" ");

export const families = {
  etcd: {
    purpose: "the cluster's database",
    minutes: 0.5,
    folder: "bin",
    programs: { etcd: "go.etcd.io/etcd/server/v3", etcdctl: "go.etcd.io/etcd/etcdctl/v3" },
  },
  kwok: {
    purpose: "simulated nodes",
    minutes: 1.5,
    folder: "bin",
    programs: { kwok: "sigs.k8s.io/kwok/cmd/kwok" },
  },
  kubernetes: {
    purpose: "the control plane and what runs on nodes",
    minutes: 6,
    folder: "bin",
    programs: {
      "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
      "kube-controller-manager": "k8s.io/kubernetes/cmd/kube-controller-manager",
      "kube-scheduler": "k8s.io/kubernetes/cmd/kube-scheduler",
      kubectl: "k8s.io/kubernetes/cmd/kubectl",
      kubelet: "k8s.io/kubernetes/cmd/kubelet",
      "kube-proxy": "k8s.io/kubernetes/cmd/kube-proxy",
    },
    flags: ["-ldflags", `-s -w ${kubernetesStamp}`],
  },
  pulumi: {
    purpose: "the deployment engine",
    minutes: 3.5,
    folder: "engine",
    programs: { pulumi: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi" },
    flags: [
      "-tags",
      "osusergo,grpcnotrace",
      "-ldflags",
      `-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=${pulumiVersion}`,
    ],
  },
  "language-nodejs": {
    purpose: "runs the program for the engine",
    minutes: 0.5,
    folder: "engine",
    programs: { "pulumi-language-nodejs": "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs" },
  },
  coredns: {
    purpose: "names of Services inside the cluster",
    minutes: 2,
    folder: "bin",
    programs: { coredns: "." },
  },
  minio: {
    purpose: "a real object store",
    minutes: 2,
    folder: "bin",
    programs: { minio: "github.com/minio/minio" },
  },
  linters: {
    purpose: "judge the workflows and what the program renders",
    minutes: 1.5,
    folder: "bin",
    programs: {
      actionlint: "github.com/rhysd/actionlint/cmd/actionlint",
      kubeconform: "github.com/yannh/kubeconform/cmd/kubeconform",
      "kube-score": "github.com/zegl/kube-score/cmd/kube-score",
    },
  },
} as const satisfies Record<string, Family>;

export type FamilyName = keyof typeof families;

/** Every program's name, such as `kube-apiserver`. */
export type ProgramName = { [F in FamilyName]: keyof (typeof families)[F]["programs"] & string }[FamilyName];

export const familyNames = Object.keys(families) as FamilyName[];
