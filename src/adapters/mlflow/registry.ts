import { toDate } from "date-fns/toDate";
import { z } from "zod";
import { quoted } from "../../domain/clean-text.ts";
import { ClusterUnreachable, UserError } from "../../domain/errors.ts";
import type { ModelRegistry, RegisteredModel } from "../../engine/ports.ts";

/** Bytes of an answer that are read: a hundred versions with their tags are less. */
const mostBytes = 2 * 1024 * 1024;
const mostVersions = 100;

const Version = z.coerce.number().int().positive();
const list = <Item extends z.ZodType>(item: Item) => z.array(item).default([]);

/** MLflow leaves empty lists out, and writes 64-bit numbers as numbers or as text. */
const Model = z.object({
  registered_model: z.object({ aliases: list(z.object({ alias: z.string(), version: Version })) }),
});
const Versions = z.object({
  model_versions: list(
    z.object({
      version: Version,
      creation_timestamp: z.coerce.number(),
      status: z.string().default("READY"),
      run_id: z.string().optional(),
    }),
  ),
});
const Run = z.object({
  run: z.object({
    data: z
      .object({ metrics: list(z.object({ key: z.string(), value: z.unknown() })) })
      .default({ metrics: [] }),
  }),
});
const Refusal = z.object({ error_code: z.string().default(""), message: z.string().default("") });

interface Question {
  registry: string;
  method: "GET" | "POST";
  path: string;
  /** Of a GET. */
  query?: Record<string, string>;
  /** Of a POST. */
  body?: object;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}

/** The body as text; null: it is longer than anybody may make crai read. */
async function bounded(response: Response): Promise<string | null> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > mostBytes) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** What MLflow says no with. */
function refused(registry: string, status: number, text: string): UserError {
  let said: z.infer<typeof Refusal> = { error_code: "", message: "" };
  try {
    said = Refusal.parse(JSON.parse(text));
  } catch {
    // A proxy in front of it answers in its own way; the status has to do.
  }
  const why = said.message === "" ? `It answered ${status}.` : quoted(said.message);
  if (said.error_code === "RESOURCE_DOES_NOT_EXIST")
    return new UserError(`The model registry ${registry} does not have that`, {
      why,
      next: "Correct `model` of the app in crai.yaml, or register it.",
    });
  if (status === 401 || status === 403)
    return new UserError(`The model registry ${registry} refuses crai's own account`, {
      why,
      next: "Give crai a token that may read the model and set its aliases (MLFLOW_TRACKING_TOKEN).",
    });
  return new UserError(`The model registry ${registry} refuses this`, {
    why,
    next: "Look at the model in MLflow itself; `apps.<name>.model` in crai.yaml says which it is.",
  });
}

/** The model registry of MLflow over its REST API 2.0. Aliases are there since MLflow 2.3; stages are deprecated since 2.9. */
export function createModelRegistry({
  token,
  timeoutMs = 8000,
}: {
  token: string | null;
  timeoutMs?: number;
}): ModelRegistry {
  async function send({ registry, method, path, query, body }: Question): Promise<Response> {
    const search = query === undefined ? "" : `?${new URLSearchParams(query).toString()}`;
    return fetch(`${registry.replace(/\/+$/, "")}/api/2.0/mlflow/${path}${search}`, {
      method,
      // The token goes to the registry that crai.yaml names and nowhere else.
      redirect: "error",
      headers: {
        ...(body !== undefined && { "content-type": "application/json" }),
        ...(token !== null && { authorization: `Bearer ${token}` }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(timeoutMs),
    });
  }

  async function ask<Shape extends z.ZodType>(question: Question, shape: Shape): Promise<z.infer<Shape>> {
    const { registry } = question;
    const away = (why: string, cause?: unknown): ClusterUnreachable =>
      new ClusterUnreachable(`The model registry ${registry} does not answer: ${why}`, { cause });
    let status: number;
    let text: string | null;
    try {
      const response = await send(question);
      ({ status } = response);
      text = await bounded(response);
    } catch (error) {
      throw away(reasonOf(error), error);
    }
    if (status >= 500 || status === 429) throw away(`it answered ${status}`);
    if (text === null) throw away(`its answer is longer than ${mostBytes} bytes`);
    if (status >= 400) throw refused(registry, status, text);
    try {
      return shape.parse(JSON.parse(text));
    } catch (error) {
      throw away("what it says is not what MLflow says", error);
    }
  }

  const get = ({ registry }: RegisteredModel, path: string, query: Record<string, string>): Question => ({
    registry,
    method: "GET",
    path,
    query,
  });

  return {
    async aliases(model) {
      const question = get(model, "registered-models/get", { name: model.name });
      const { registered_model: found } = await ask(question, Model);
      return new Map(found.aliases.map(({ alias, version }) => [alias, version]));
    },

    async versions(model) {
      const question = get(model, "model-versions/search", {
        // Names with quotes are refused in crai.yaml.
        filter: `name='${model.name}'`,
        max_results: String(mostVersions),
        order_by: "version_number DESC",
      });
      const { model_versions: found } = await ask(question, Versions);
      return found
        .map(({ version, creation_timestamp: at, status, run_id: run }) => ({
          version,
          registeredAt: toDate(at),
          ready: status === "READY",
          run: run === undefined || run === "" ? null : run,
        }))
        .toSorted((a, b) => b.version - a.version);
    },

    async figures(model, run) {
      const { run: found } = await ask(get(model, "runs/get", { run_id: run }), Run);
      return Object.fromEntries(
        found.data.metrics.flatMap(({ key, value }) =>
          typeof value === "number" && Number.isFinite(value) ? [[key, value]] : [],
        ),
      );
    },

    async setAlias({ registry, name }, alias, version) {
      const body = { name, alias, version: String(version) };
      await ask({ registry, method: "POST", path: "registered-models/alias", body }, z.looseObject({}));
    },
  };
}
