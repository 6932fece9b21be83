import { UserError } from "../src/domain/errors.ts";
import { planWarnings } from "../src/domain/plan.ts";
import { isHidden } from "../src/engine/audience.ts";
import { chooseSharedEnvironment } from "../src/engine/commands/apps.ts";
import type { Args, Command, CommandContext } from "../src/engine/commands/command.ts";
import { recordedIn } from "../src/engine/commands/incident-of.ts";
import { runAtOnce } from "../src/engine/commands/playbook-command.ts";
import type { Reply } from "../src/engine/commands/invocation.ts";
import { preflightView } from "../src/engine/preflight-view.ts";
import type { UseCases } from "../src/engine/use-cases.ts";
import { visibleTo } from "../src/engine/visible.ts";
import { planByNumber } from "../src/store/plans.ts";
import { runsOfPlaybook, stepsOf } from "../src/store/runs.ts";

/** The newest are looked through for one that the asker may see. */
const LOOKED_AT = 20;

function asksForRecord(args: Args): boolean {
  return args["what"]?.toLowerCase() === "show";
}

function environmentOf(args: Args, { incident }: CommandContext, { config }: UseCases): string {
  return chooseSharedEnvironment(config.apps, args["env"] ?? incident?.environment ?? null);
}

/** The newest checklist of a tag, or of all, with everything that was found and said. */
async function record(args: Args, context: CommandContext, uses: UseCases): Promise<Reply> {
  const { db, authorizer, config } = uses;
  const { invocation, actor } = context;
  const environment = environmentOf(args, context, uses);
  const { tag } = args;
  const all = await runsOfPlaybook(db, {
    playbook: "preflight",
    environment,
    inputs: tag === undefined ? {} : { tag },
    limit: LOOKED_AT,
  });
  const heard = [];
  for (const run of all) if (!(await isHidden(db, run.incident, invocation.place))) heard.push(run);
  const [run] = await visibleTo(authorizer, actor, "run:read", heard);
  if (run === undefined)
    throw new UserError(
      `There is no pre-deployment checklist${tag === undefined ? "" : ` of ${tag}`} for ${environment}.`,
      {
        why: "Nobody has gone through one that you may see.",
        next: `\`preflight ${tag ?? "<tag>"}\` begins one.`,
      },
    );
  const { plan } = (await planByNumber(db, run.plan))!;
  const { required = [], within = 0 } = config.preflight ?? {};
  const demands = { required: required.includes(environment), within };
  return {
    to: "asker",
    view: preflightView({ run, plan, steps: await stepsOf(db, run.number), demands }),
  };
}

export const preflight: Command = {
  name: "preflight",
  startsPlaybook: true,
  usage: "preflight [tag] [--env <environment>] | preflight show [tag]",
  summary: "Go through the checklist that a deploy needs, or show the record of one",
  examples: ["preflight v1.2.0", "preflight show v1.2.0", "preflight show"],
  permission: "workload:read",
  permissionOf: (args) => (asksForRecord(args) ? "run:read" : "workload:read"),
  positionals: ["what", "tag"],
  flags: { env: { type: "string" }, reason: { type: "string" } },
  // It is about an environment: rights are asked for its apps when it is planned, and the record shows what one may see.
  scope: () => "anywhere",
  concerns: (args, { incident }) =>
    asksForRecord(args) ? null : recordedIn(incident, incident?.number ?? null),
  async run(args, context, uses) {
    if (asksForRecord(args)) return record(args, context, uses);
    const { invocation, actor, incident } = context;
    const environment = environmentOf(args, context, uses);
    const stored = await uses.planner.make({
      playbook: "preflight",
      app: null,
      environment,
      inputs: { tag: args["what"] ?? null, env: environment },
      actor,
      incident: recordedIn(incident, incident?.number ?? null),
      reason: args["reason"] ?? null,
      channel: invocation.place.channel,
      key: invocation.id,
    });
    const isBlocked = planWarnings(stored.plan).some(({ level }) => level === "block");
    return isBlocked
      ? uses.planMessages.present(stored, invocation)
      : runAtOnce(stored.number, context, uses);
  },
};
