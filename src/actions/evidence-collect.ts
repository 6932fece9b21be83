import { z } from "zod";
import { digest } from "../domain/hash.ts";
import type { Evidence } from "../domain/timeline.ts";
import { defineAction, type KeptEvidence } from "../engine/playbooks/action.ts";
import { collect } from "./evidence/collect.ts";
import { onWorkload } from "./rollout/calls.ts";

const Params = z.strictObject({});

function found({ files, bytes, sha256, missing }: KeptEvidence): Evidence[] {
  return [
    { what: `${files} files kept, ${Math.ceil(bytes / 1024)} KiB, manifest SHA-256 ${sha256}`, ok: true },
    ...missing.map((what) => ({ what: `Not had: ${what}`, ok: null })),
  ];
}

/** Keeps copies of what is there before anything is changed; reads only, with the rights of whoever asks. */
export const evidenceCollect = defineAction<z.infer<typeof Params>, null>({
  name: "evidence-collect",
  params: Params,
  permission: "evidence:collect",

  async plan(_, { target, app }) {
    const { cluster, namespace } = target;
    const own = { cluster, group: "", namespace };
    return {
      title: `Preserve evidence of ${app.name}`,
      calls: [
        ...onWorkload(target, ["get"]),
        { ...own, verb: "list", resource: "pods" },
        { ...own, verb: "get", resource: "pods", subresource: "log" },
      ],
      facts: [],
      diff: null,
      kubectl: [
        `kubectl get pods -n ${namespace} -o json`,
        `kubectl logs -n ${namespace} ${target.kind}/${target.name} --all-containers --timestamps`,
        `kubectl get events -n ${namespace} -o json`,
      ],
      warnings: [],
      fingerprint: digest(target),
      inverse: null,
      state: null,
    };
  },

  async observe(_, context) {
    const { inHand, app, environment, target } = context;
    if (inHand === null) throw new Error("Evidence is kept for a step of a run");
    const before = await inHand.evidence.kept();
    if (before !== null) return { state: "done", evidence: found(before), values: { ...before } };
    const { files, missing } = await collect(context);
    const { cluster, namespace } = target;
    const about = { app: app.name, environment: environment.name, cluster, namespace };
    const kept = await inHand.evidence.keep(about, files, missing);
    return { state: "done", evidence: found(kept), values: { ...kept } };
  },
});
