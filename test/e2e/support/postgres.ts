import { names } from "../../../components/postgres/layout.ts";
import { etcdProblems } from "./etcd.ts";
import type { Subject } from "./fault.ts";
import { unready } from "./kubernetes.ts";
import { patroniProblems } from "./patroni.ts";
import { watchPostgres } from "./splitBrain.ts";

const workloads = [names.etcd, names.members, names.proxy, names.pooler] as const;

/** Postgres as Dify meets it: poolers, proxies, members and the store of their lock. */
export const postgres: Subject = {
  writes: ["rows", "pluginRows"],
  reads: ["reads"],
  watch: watchPostgres,
  async problems(stack) {
    const found = await Promise.all([unready(stack, workloads), patroniProblems(stack), etcdProblems(stack)]);
    return found.flat();
  },
};
