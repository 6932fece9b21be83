import { parse } from "yaml";
import type { Call } from "./http.ts";
import { isRecord } from "./object.ts";
import { decodeProtobuf, speaksProtobuf } from "./protobuf.ts";
import { badRequest, StatusError } from "./status.ts";

/** "application/json" of "application/json; charset=utf-8". */
export function mediaType(header: string | undefined): string {
  return (header ?? "").split(";")[0]!.trim().toLowerCase();
}

const bodyTypes = ["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"];

/** The object in a body that should be a `kind`; throws StatusError 400 or 415. */
export function decodeObject(call: Pick<Call, "headers" | "body">, kind: string): Record<string, unknown> {
  const type = mediaType(call.headers["content-type"]) || "application/json";
  if (type === "application/vnd.kubernetes.protobuf" && speaksProtobuf(kind))
    return decodeProtobuf(call.body, kind);
  if (type !== "application/json" && type !== "application/yaml") {
    const why = "the body of the request was in an unknown format";
    const message = `${why} - accepted media types include: ${bodyTypes.join(", ")}`;
    throw new StatusError(415, "UnsupportedMediaType", message);
  }
  const text = call.body.toString("utf8");
  try {
    const value = (type === "application/yaml" ? parse(text) : JSON.parse(text)) as unknown;
    if (isRecord(value)) return value;
    throw new Error("the body is not an object");
  } catch (error) {
    const why = `couldn't get version/kind; json parse error: ${jsonProblem(error)} (${text.slice(0, 80) || "<empty>"})`;
    throw badRequest(`the object provided is unrecognized (must be of type ${kind}): ${why}`);
  }
}

/** The JSON in a text; throws StatusError 400, its message beginning with `what`. */
export function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw badRequest(`${what}${jsonProblem(error)}`);
  }
}

/** Text that ends too early is said in Kubernetes's words, the rest in the parser's. */
function jsonProblem(error: unknown): string {
  const why = error instanceof Error ? error.message : String(error);
  const ended = /Unexpected end|Expected .* at position (\d+) \(line 1 column \d+\)$/.test(why);
  return ended ? "unexpected end of JSON input" : why;
}
