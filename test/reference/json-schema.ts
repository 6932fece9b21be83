import { z } from "zod";
import { actions } from "../../src/actions/index.ts";
import { Config } from "../../src/domain/config.ts";
import { Duration, formatDuration } from "../../src/domain/deadline.ts";
import { Playbook, workKeys } from "../../src/domain/playbook.ts";
import { builtIn } from "../../src/engine/playbooks/flat-steps.ts";

export type JsonSchema = z.core.JSONSchema.BaseSchema;

type Override = NonNullable<NonNullable<Parameters<typeof z.toJSONSchema>[1]>["override"]>;

/** A duration is text in YAML and milliseconds in the program: the schema shows the text, defaults included. */
const writeDurations: Override = ({ zodSchema, jsonSchema }) => {
  const { def } = zodSchema._zod;
  if (def === Duration._zod.def) jsonSchema.pattern = "^(\\d+(ms|s|m|h|d))+$";
  if (def.type === "default" && def.innerType === Duration)
    jsonSchema.default = formatDuration(def.defaultValue as number).replace(" ", "");
};

/** What a person writes (defaults may be left out), in the draft that editors know best. */
function schemaOf(schema: z.ZodType, title: string): JsonSchema {
  return {
    title,
    ...z.toJSONSchema(schema, { io: "input", target: "draft-7", override: writeDurations }),
  };
}

export function configSchema(): JsonSchema {
  return schemaOf(Config, "crai.yaml");
}

export function paramsSchema(params: z.ZodType): JsonSchema {
  return z.toJSONSchema(params, { io: "input", target: "draft-7", override: writeDurations });
}

/** Parameters may be written out, or be an expression whose value then has to fit. */
function orExpression(params: JsonSchema): JsonSchema {
  const properties = Object.entries(params.properties ?? {}).map(([name, value]) => [
    name,
    { anyOf: [value, { type: "string", pattern: "\\$\\{\\{.+\\}\\}" }] },
  ]);
  return { ...params, properties: Object.fromEntries(properties) };
}

/** Written as kinds of step of their own. */
export const people: ReadonlySet<string> = new Set(Object.values(builtIn));

/** A step names an action that exists and gives it the parameters it takes; `verify` has only those that look. */
function stepOf(step: JsonSchema, looksOnly: boolean): JsonSchema {
  const able = actions.filter(
    (action) =>
      !people.has(action.name) && (!looksOnly || (action.apply === undefined && action.scope !== "none")),
  );
  const { parallel } = (step.properties ?? {}) as { parallel?: { items: JsonSchema } };
  return {
    ...step,
    properties: {
      ...step.properties,
      action: { enum: able.map(({ name }) => name), description: "what the step does, see below" },
      ...(parallel !== undefined && { parallel: { ...parallel, items: stepOf(parallel.items, looksOnly) } }),
    },
    oneOf: workKeys.map((key) => ({ required: [key] })),
    allOf: able.map(({ name, params }) => ({
      if: { properties: { action: { const: name } }, required: ["action"] },
      // oxlint-disable-next-line unicorn/no-thenable -- JSON Schema's own word; nobody awaits a schema
      then: { properties: { with: orExpression(paramsSchema(params)) } },
    })),
  };
}

export function playbookSchema(): JsonSchema {
  const schema = schemaOf(Playbook, "crai playbook");
  const { steps, verify } = schema.properties as Record<"steps" | "verify", { items: JsonSchema }>;
  return {
    ...schema,
    properties: {
      ...schema.properties,
      steps: { ...steps, items: stepOf(steps.items, false) },
      verify: { ...verify, items: stepOf(verify.items, true) },
    },
  };
}
