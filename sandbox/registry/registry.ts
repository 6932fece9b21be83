import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout } from "node:timers/promises";
import { z } from "zod";
import { readJson, sendJson, urlOf } from "../http.ts";
import type { Part } from "../part.ts";
import type { Models, Version } from "./models.ts";

const Alias = z.object({ name: z.string(), alias: z.string(), version: z.coerce.string() });

interface Answer {
  status: number;
  body: object;
}

interface Faults {
  down: boolean;
  delayMs: number;
}

const ok = (body: object): Answer => ({ status: 200, body });

function missing(message: string): Answer {
  return { status: 404, body: { error_code: "RESOURCE_DOES_NOT_EXIST", message } };
}

function invalid(message: string): Answer {
  return { status: 400, body: { error_code: "INVALID_PARAMETER_VALUE", message } };
}

const down: Answer = { status: 503, body: { error_code: "TEMPORARILY_UNAVAILABLE", message: "Down" } };

/**
 * The part of MLflow's REST API that has to do with registered models, mounted under `/mlflow`.
 * @param refresh brings the versions up to date before each answer
 */
export function createRegistry(models: Models, refresh: () => void) {
  let faults: Faults = { down: false, delayMs: 0 };
  let onSet: (() => Promise<void>) | null = null;

  function shown({ number, run, registeredAt }: Version): object {
    return {
      name: models.name,
      version: String(number),
      creation_timestamp: registeredAt.getTime(),
      last_updated_timestamp: registeredAt.getTime(),
      current_stage: "None",
      source: `mlflow-artifacts:/1/${run}/artifacts/model`,
      run_id: run,
      status: "READY",
    };
  }

  function model(name: string | null): Answer {
    if (name !== models.name) return missing(`Registered Model with name=${name} not found`);
    const aliases = [{ alias: models.alias, version: String(models.current()) }];
    return ok({ registered_model: { name, aliases, latest_versions: [shown(models.versions.at(-1)!)] } });
  }

  function search(filter: string | null): Answer {
    const name = /^name\s*=\s*'([^']*)'$/.exec(filter ?? "")?.[1];
    if (name === undefined) return invalid(`Invalid filter string: ${filter}`);
    return ok(name === models.name ? { model_versions: models.versions.toReversed().map(shown) } : {});
  }

  function run(id: string | null): Answer {
    const version = models.versions.find((one) => one.run === id);
    if (!version) return missing(`Run with id=${id} not found`);
    const timestamp = version.registeredAt.getTime();
    const metrics = Object.entries(version.figures).map(([key, value]) => ({
      key,
      value,
      timestamp,
      step: 0,
    }));
    return ok({ run: { info: { run_id: id, status: "FINISHED" }, data: { metrics } } });
  }

  async function setAlias(req: IncomingMessage): Promise<Answer> {
    const { name, alias, version } = Alias.parse(await readJson(req));
    if (name !== models.name) return missing(`Registered Model with name=${name} not found`);
    if (!models.find(Number(version)))
      return missing(`Model Version (name=${name}, version=${version}) not found`);
    if (alias !== models.alias) return invalid(`The practice registry keeps the alias ${models.alias} only`);
    models.put(Number(version));
    await onSet?.();
    return ok({});
  }

  async function answer(req: IncomingMessage): Promise<Answer> {
    const { pathname, searchParams } = urlOf(req);
    const path = pathname.replace(/^\/api\/2\.0\/mlflow\//, "");
    if (req.method === "POST" && path === "registered-models/alias") return setAlias(req);
    if (req.method === "GET" && path === "registered-models/get") return model(searchParams.get("name"));
    if (req.method === "GET" && path === "model-versions/search") return search(searchParams.get("filter"));
    if (req.method === "GET" && path === "runs/get") return run(searchParams.get("run_id"));
    return { status: 404, body: { error_code: "ENDPOINT_NOT_FOUND", message: "No such endpoint" } };
  }

  const part: Part = {
    async handle(req: IncomingMessage, res: ServerResponse) {
      if (faults.delayMs > 0) await setTimeout(faults.delayMs);
      refresh();
      const { status, body } = faults.down ? down : await answer(req);
      sendJson(res, status, body);
    },
    close: () => Promise.resolve(),
  };
  return {
    ...part,
    /** Called when an alias has been set, before whoever set it hears so. */
    onSet(listener: typeof onSet): void {
      onSet = listener;
    },
    faults: {
      get: (): Faults => faults,
      set(given: Faults): void {
        faults = given;
      },
    },
  };
}
