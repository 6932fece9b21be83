import type { IncomingMessage, ServerResponse } from "node:http";
import { stringify } from "yaml";
import type { Caller } from "./auth.ts";
import type { RequestInfo, Target } from "./request-info.ts";
import type { User } from "./rbac.ts";
import { StatusError } from "./status.ts";

/** A request as the handlers see it: authenticated, authorized, its body read. */
export interface Call extends RequestInfo {
  method: string;
  /** Path and query as sent. */
  uri: string;
  query: URLSearchParams;
  headers: IncomingMessage["headers"];
  body: Buffer;
  caller: Caller;
  now: Date;
  /** Aborted when the client is gone. */
  signal: AbortSignal;
}

/** A call about a resource. */
export type ResourceCall = Call & { target: Target };

export type Answer =
  | { code: number; body: object; type?: string }
  | { code: number; text: string }
  | { code: 200; type: string; stream: AsyncIterable<string> };

/** The user a call acts as. */
export function actingUser(caller: Caller): User {
  return caller.impersonated ?? caller.user;
}

const bodyLimit = 3 * 1024 * 1024;

export async function readBody(req: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > bodyLimit) {
      throw new StatusError(413, "RequestEntityTooLarge", `Request entity too large: limit is ${bodyLimit}`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

const representations = [
  "application/json",
  "application/yaml",
  "application/vnd.kubernetes.protobuf",
  "application/json;stream=watch",
  "application/vnd.kubernetes.protobuf;stream=watch",
];

/** What the client would rather have: the first media type of Accept we can give. */
export interface Wanted {
  form: "object" | "table" | "metadata";
  yaml: boolean;
  /** meta.k8s.io version of a Table. */
  version: string;
}

/** Throws StatusError 406 when there is nothing we can give. */
export function negotiate(accept: string | undefined): Wanted {
  for (const range of (accept ?? "*/*").split(",")) {
    const [type = "", ...parameters] = range.split(";").map((part) => part.trim());
    const given = Object.fromEntries(parameters.map((parameter) => parameter.split("=")));
    const yaml = type === "application/yaml";
    if (!yaml && !["application/json", "*/*", "application/*", ""].includes(type)) continue;
    const as = String(given["as"] ?? "");
    const version = String(given["v"] ?? "v1");
    if (as === "Table") return { form: "table", yaml, version };
    if (as.startsWith("PartialObjectMetadata")) return { form: "metadata", yaml, version };
    if (as === "") return { form: "object", yaml, version };
  }
  const message = `406: Not Acceptable\n\nAvailable representations: ${representations.join(", ")}`;
  throw new StatusError(406, "NotAcceptable", message, {});
}

/** Writes an answer; ends early, without error, when the client has gone. */
export async function send(res: ServerResponse, answer: Answer, yaml = false): Promise<void> {
  if ("stream" in answer) {
    res.writeHead(answer.code, { "Content-Type": answer.type, "Cache-Control": "no-cache, private" });
    res.flushHeaders();
    for await (const chunk of answer.stream) {
      if (res.destroyed) break;
      res.write(chunk);
    }
    res.end();
    return;
  }
  if ("text" in answer) {
    res.writeHead(answer.code, { "Content-Type": "text/plain; charset=utf-8" }).end(answer.text);
    return;
  }
  const type = yaml ? "application/yaml" : (answer.type ?? "application/json");
  const text = yaml ? stringify(answer.body) : `${JSON.stringify(answer.body)}\n`;
  res.writeHead(answer.code, { "Content-Type": type, "Cache-Control": "no-cache, private" }).end(text);
}
