import { child, items } from "../fields.ts";
import type { ResourceCall } from "../http.ts";
import { containerOf } from "../logs.ts";
import type { KubeObject } from "../object.ts";
import { isTrue } from "../request-info.ts";
import { badRequest, notFound, StatusError } from "../status.ts";
import type { Store } from "../store.ts";

/** A command that somebody wants to run in a container. */
export interface ExecRequest {
  pod: KubeObject;
  container: string;
  command: string[];
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
  tty: boolean;
}

/** What the API server checks before it asks the kubelet: throws StatusError 400 and 404. */
export function execRequest(store: Store, call: ResourceCall): ExecRequest {
  const { namespace, name = "" } = call.target;
  const pod = store.get("pods", namespace, name);
  if (!pod) throw notFound({ group: "", plural: "pods" }, name);
  const { query } = call;
  const container = containerOf(pod, query.get("container"));
  if (!child(pod, "spec")?.["nodeName"]) throw badRequest(`pod ${name} does not have a host assigned`);
  const asked = (stream: string): boolean => isTrue(query.get(stream));
  return {
    pod,
    container,
    command: query.getAll("command"),
    stdin: asked("stdin"),
    stdout: asked("stdout"),
    stderr: asked("stderr"),
    tty: asked("tty"),
  };
}

/** What the kubelet checks: throws StatusError 400, and 500 for a container that does not run. */
export function checkRunnable({ pod, container, command, ...streams }: ExecRequest): void {
  if (command.length === 0) throw badRequest("you must specify at least 1 command for the container");
  if (!streams.stdin && !streams.stdout && !streams.stderr) {
    throw badRequest("you must specify at least 1 of stdin, stdout, stderr");
  }
  const status = items(child(pod, "status"), "containerStatuses").find((one) => one["name"] === container);
  if (child(child(status, "state"), "running")) return;
  const why = `unable to upgrade connection: container not found (${JSON.stringify(container)})`;
  throw new StatusError(500, "InternalError", `Internal error occurred: ${why}`, { causes: [] });
}
