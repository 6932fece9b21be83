import { UserError } from "../../domain/errors.ts";
import type { JobSettings } from "../../domain/job.ts";
import type { ActionContext } from "../../engine/playbooks/action.ts";
import { resolveText } from "../../engine/playbooks/expressions.ts";
import { mentionsAnywhere } from "../../engine/playbooks/references.ts";
import type { Json, Workload } from "../../engine/ports.ts";
import { imageOf } from "../rollout/metadata.ts";

export type NamedJob = JobSettings & { name: string };

/** An image as the API server takes it; what is filled in must not turn it into anything else. */
const image = /^[a-zA-Z0-9][\w./:@-]{0,1023}$/;

export function findJob(name: string, { settings: { jobs } }: Pick<ActionContext, "settings">): NamedJob {
  const job = Object.hasOwn(jobs, name) ? jobs[name] : undefined;
  if (job) return { ...job, name };
  const names = Object.keys(jobs);
  throw new UserError(`There is no Job "${name}" in crai.yaml.`, {
    why: names.length === 0 ? "It has no `jobs`." : `Its \`jobs\` are ${names.join(", ")}.`,
    next: `Add \`jobs.${name}\` with its image and arguments; docs/configuration.md says how.`,
  });
}

/** Whether it names what its app runs: any other Job can be made before there is an app. */
export function asksForImage({ image, args }: NamedJob): boolean {
  return ["image", "tag"].some((name) => mentionsAnywhere([image, ...args], name));
}

/** What the arguments of a Job may name beside `values`. */
function known(
  workload: Workload | null,
  { app, environment }: ActionContext,
  values: Record<string, Json>,
): Record<string, Json> {
  const [health] = environment.health;
  return {
    app: app.name,
    environment: environment.name,
    namespace: environment.namespace,
    ...(workload !== null && runningIn(workload, environment.container, values["tag"])),
    url: environment.url ?? (health === undefined ? null : new URL(health).origin),
  };
}

/** The image that the app runs, or would with another tag. */
function runningIn(workload: Workload, container: string | undefined, asked: Json | undefined) {
  const running = imageOf(workload.template, container);
  const [, repository, runs] = /^(.+?)(?::([\w][\w.-]{0,127}))?(?:@.*)?$/.exec(running) ?? [];
  if (typeof asked === "string") return { image: `${repository}:${asked}`, tag: asked };
  return { image: running, tag: runs ?? null };
}

/** Image and arguments with what they name filled in, each argument still one argument. */
export function filledIn(
  job: NamedJob,
  workload: Workload | null,
  context: ActionContext,
  values: Record<string, Json>,
): { image: string; args: string[] } {
  const variables = { ...known(workload, context, values), values };
  const filled = {
    image: resolveText(job.image, variables),
    args: job.args.map((arg) => resolveText(arg, variables)),
  };
  if (image.test(filled.image)) return filled;
  throw new UserError(`"${filled.image}" is no image for the Job ${job.name}.`, {
    why: `It comes of \`jobs.${job.name}.image\`, ${job.image}.`,
    next: "Correct it in crai.yaml.",
  });
}
