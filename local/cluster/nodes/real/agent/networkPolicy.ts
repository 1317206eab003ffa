import type { V1LabelSelector, V1NetworkPolicyPeer, V1NetworkPolicyPort } from "@kubernetes/client-node";

/** A NetworkPolicy as the API sends it. The client's own type has `from` under another name, which only what it lists itself carries. */
export interface NetworkPolicy {
  readonly metadata?: { readonly name?: string; readonly namespace?: string };
  readonly spec?: {
    readonly podSelector?: V1LabelSelector;
    readonly policyTypes?: readonly string[];
    readonly ingress?: readonly {
      readonly from?: readonly V1NetworkPolicyPeer[];
      readonly ports?: readonly V1NetworkPolicyPort[];
    }[];
    readonly egress?: readonly {
      readonly to?: readonly V1NetworkPolicyPeer[];
      readonly ports?: readonly V1NetworkPolicyPort[];
    }[];
  };
}
