import { z } from "zod";

/** kubectl's names for what people do by hand, and crai's own earlier writes. */
const byHand = [
  "crai",
  "kubectl-client-side-apply",
  "kubectl-create",
  "kubectl-edit",
  "kubectl-patch",
  "kubectl-rollout",
  "kubectl-set",
  "kubectl",
];

/** The YAML files that a deploy applies. */
export const Manifests = z.strictObject({
  directory: z
    .string()
    .min(1)
    .describe("folder of the YAML files that playbooks apply, from where crai is started"),
  follow: z
    .array(z.string())
    .default([])
    .describe(
      "apps whose image takes the tag that is deployed: every container of the app's workload with the image of its main one",
    ),
  takeOver: z
    .array(z.string())
    .default(byHand)
    .describe(
      "field managers whose fields a deploy takes over, which its plan says; a field of any other manager is a conflict that stops it",
    ),
});
export type Manifests = z.infer<typeof Manifests>;
