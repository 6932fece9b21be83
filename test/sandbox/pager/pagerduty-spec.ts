import { existsSync, readFileSync } from "node:fs";
import { Ajv } from "ajv";
import addFormats from "ajv-formats";

const file = "../shared/samples/pagerduty-rest-prism.json";

/** Why the checks against PagerDuty's own description are skipped; null: they are not. */
export const noSpec = existsSync(file) ? null : `no ${file}`;

interface Operation {
  requestBody?: { content: Record<string, unknown> };
  responses: Record<string, { content?: Record<string, unknown>; $ref?: string }>;
}

interface Schema {
  oneOf?: unknown[];
  allOf?: unknown[];
  properties?: Record<string, object>;
}
interface Spec {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}

/** Where the description contradicts itself, so that even its own examples do not fit it. */
function correct(schemas: Record<string, Schema>): void {
  // "Exactly one" of shapes that all fit any object.
  delete schemas["Channel"]!.oneOf;
  // "acknowledgement_log_entry" here, "acknowledge_log_entry" in the list of all entries and in the API.
  schemas["AcknowledgeLogEntry"] = {
    allOf: [
      { $ref: "#/components/schemas/LogEntry" },
      { properties: { type: { enum: ["acknowledge_log_entry"] } } },
    ],
  };
  // "If `null`, the user does not go off-call", it says of a field that may not be null.
  const { schedule, start, end } = schemas["Oncall"]!.properties!;
  Object.assign(schemas["Oncall"]!.properties!, {
    schedule: { anyOf: [{ type: "object", nullable: true, enum: [null] }, schedule] },
    start: { ...start, nullable: true },
    end: { ...end, nullable: true },
  });
}

/** PagerDuty's REST API as its OpenAPI describes it. Each check gives what does not fit, in words. */
export function readSpec() {
  const spec = JSON.parse(readFileSync(file, "utf8")) as Spec;
  correct(spec.components.schemas);
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: true, logger: false });
  addFormats.default(ajv);
  // The library's own check knows no localhost.
  ajv.addFormat("url", { type: "string", validate: (text: string) => URL.canParse(text) });
  ajv.addSchema(spec, "pagerduty");

  function operation(method: string, path: string): Operation {
    const found = spec.paths[path]?.[method.toLowerCase()];
    if (!found) throw new Error(`PagerDuty's description has no ${method} ${path}`);
    return found;
  }

  function check(pointer: string, value: unknown): string[] {
    const validate = ajv.getSchema(`pagerduty#${pointer}`) ?? ajv.compile({ $ref: `pagerduty#${pointer}` });
    if (validate(value) === true) return [];
    return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
  }

  const escape = (segment: string) => segment.replaceAll("~", "~0").replaceAll("/", "~1");
  const base = (method: string, path: string) => `/paths/${escape(path)}/${method.toLowerCase()}`;
  const json = escape("application/json");

  return {
    request(method: string, path: string, body: unknown): string[] {
      if (!operation(method, path).requestBody) return body === undefined ? [] : ["no body is described"];
      return check(`${base(method, path)}/requestBody/content/${json}/schema`, body);
    },
    response(method: string, path: string, status: number, body: unknown): string[] {
      const described = operation(method, path).responses[String(status)];
      if (!described) return [`status ${status} is not described`];
      if (described.$ref) return check(`${described.$ref.slice(1)}/content/${json}/schema`, body);
      if (!described.content) return body === undefined || body === "" ? [] : ["no body is described"];
      return check(`${base(method, path)}/responses/${status}/content/${json}/schema`, body);
    },
  };
}
