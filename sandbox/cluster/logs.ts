import { items, textOr } from "./fields.ts";
import type { Answer, ResourceCall } from "./http.ts";
import { isRecord } from "./object.ts";
import type { KubeObject, Store } from "./store.ts";
import { isTrue } from "./request-info.ts";
import { badRequest, notFound } from "./status.ts";

/** What of a container's log is wanted, as PodLogOptions says it. */
export interface LogOptions {
  container: string;
  /** Keep going until `signal` is aborted or the container ends. */
  follow: boolean;
  /** The container's life before its last restart. */
  previous: boolean;
  /** Each line begins with its RFC 3339 time and a space. */
  timestamps: boolean;
  /** Only the last so many of the lines that are there. */
  tailLines?: number;
  /** Only lines from this moment on. */
  since?: Date;
  signal: AbortSignal;
}

/** Gives the lines of a log, without their line breaks, having applied the options. */
export type LogProvider = (pod: KubeObject, options: LogOptions) => AsyncIterable<string>;

/** Answers `GET pods/x/log`; throws StatusError 400 for a container that is not there or has not started. */
export function podLog(store: Store, call: ResourceCall, logs: LogProvider): Answer {
  const { namespace, name = "" } = call.target;
  const pod = store.get("pods", namespace, name);
  if (!pod) throw notFound({ group: "", plural: "pods" }, name);
  const { query } = call;
  const container = containerOf(pod, query.get("container"));
  const options: LogOptions = {
    container,
    follow: isTrue(query.get("follow")),
    previous: isTrue(query.get("previous")),
    timestamps: isTrue(query.get("timestamps")),
    ...since(query, call.now),
    ...numberOf(query, "tailLines"),
    signal: call.signal,
  };
  checkStarted(pod, options);
  const limit = Number(query.get("limitBytes") ?? Number.POSITIVE_INFINITY);
  return { code: 200, type: "text/plain", stream: limited(logs(pod, options), limit) };
}

async function* limited(lines: AsyncIterable<string>, bytes: number): AsyncGenerator<string> {
  let left = bytes;
  for await (const line of lines) {
    const chunk = Buffer.from(`${line}\n`).subarray(0, left);
    left -= chunk.length;
    yield chunk.toString("utf8");
    if (left <= 0) return;
  }
}

/** The container that is asked for, or the only one; throws StatusError 400. */
export function containerOf(pod: KubeObject, asked: string | null): string {
  const spec = isRecord(pod["spec"]) ? pod["spec"] : {};
  const main = items(spec, "containers").map((container) => String(container["name"]));
  const init = items(spec, "initContainers").map((container) => String(container["name"]));
  const { name } = pod.metadata;
  if (asked) {
    if ([...main, ...init].includes(asked)) return asked;
    throw badRequest(`container ${asked} is not valid for pod ${name}`);
  }
  const [only, ...others] = main;
  if (only !== undefined && others.length === 0) return only;
  const choice = `choose one of: [${main.join(" ")}]`;
  const initChoice = init.length > 0 ? ` or one of the init containers: [${init.join(" ")}]` : "";
  throw badRequest(`a container name must be specified for pod ${name}, ${choice}${initChoice}`);
}

/** What a kubelet answers for a container that has no log yet. */
function checkStarted(pod: KubeObject, { container, previous }: LogOptions): void {
  const status = isRecord(pod["status"]) ? pod["status"] : {};
  const states = [...items(status, "containerStatuses"), ...items(status, "initContainerStatuses")];
  const state = states.find((one) => one["name"] === container);
  const where = `container "${container}" in pod "${pod.metadata.name}"`;
  if (previous) {
    const last = state?.["lastState"];
    if (!isRecord(last) || !isRecord(last["terminated"])) {
      throw badRequest(`previous terminated ${where} not found`);
    }
    return;
  }
  const now = state?.["state"];
  const waiting = isRecord(now) && isRecord(now["waiting"]) ? now["waiting"] : undefined;
  if (!waiting) return;
  const last = state?.["lastState"];
  if (isRecord(last) && isRecord(last["terminated"])) return;
  const reason = textOr(waiting["reason"], "ContainerCreating");
  const pull = ["ErrImagePull", "ImagePullBackOff", "InvalidImageName"].includes(reason);
  const why = pull ? "trying and failing to pull image" : reason;
  throw badRequest(`${where} is waiting to start: ${why}`);
}

function since(query: URLSearchParams, now: Date): Pick<LogOptions, "since"> {
  const seconds = query.get("sinceSeconds");
  if (seconds !== null) return { since: new Date(now.getTime() - Number(seconds) * 1000) };
  const time = query.get("sinceTime");
  return time === null ? {} : { since: new Date(time) };
}

function numberOf(query: URLSearchParams, name: "tailLines"): Pick<LogOptions, "tailLines"> {
  const value = query.get(name);
  return value === null ? {} : { [name]: Number(value) };
}
