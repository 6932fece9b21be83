import type { IncomingMessage, ServerResponse } from "node:http";
import { z } from "zod";
import type { Switchboard } from "../app/switchboard.ts";
import { canSee } from "../channels.ts";
import { clientMethods } from "../client-api.ts";
import type { ClientFailure, ClientMethod } from "../client-api.ts";
import { readBody, sendJson } from "../http.ts";
import { SlackRefusal } from "../refusal.ts";
import type { State } from "../state.ts";
import { acts } from "./acts.ts";
import type { ClientContext } from "./handlers.ts";
import { reads } from "./reads.ts";

const handlers = { ...reads, ...acts };

function isClientMethod(name: string): name is ClientMethod {
  return name in clientMethods;
}

function failure(error: string, message: string): ClientFailure {
  return { ok: false, error, message };
}

/** What a person reads beside a refusal, where the code alone does not say it. */
const sayings: Record<string, string> = {
  is_archived: "This channel is archived.",
  not_in_channel: "You are not in this channel.",
  channel_not_found: "There is no such channel, or it is private.",
  cant_update_message: "Only its author can edit a message.",
  cant_delete_message: "Only its author can delete a message.",
  message_not_found: "That message is gone.",
};

async function answer(context: ClientContext, name: string, body: string): Promise<unknown> {
  if (!isClientMethod(name)) return failure("unknown_method", `No client method ${name}; see client-api.ts.`);
  const input = clientMethods[name].input.safeParse(JSON.parse(body === "" ? "{}" : body));
  if (!input.success) return failure("invalid_arguments", z.prettifyError(input.error));
  try {
    const handle = handlers[name] as (input: unknown, context: ClientContext) => unknown;
    return { ok: true, result: await handle(input.data, context) };
  } catch (error) {
    if (!(error instanceof SlackRefusal)) throw error;
    return failure(error.code, sayings[error.code] ?? error.message);
  }
}

function sendFile(state: State, id: string, viewer: string, res: ServerResponse): void {
  const file = state.files.get(id);
  const isVisible = file?.shares.some(({ channel }) => canSee(state.channels.get(channel)!, viewer)) ?? false;
  if (file === undefined || file.bytes === null || !isVisible) {
    sendJson(res, failure("file_not_found", "No such file, or not for you."), { status: 404 });
    return;
  }
  // Never rendered under the page's origin: a file's bytes are the app's, not the page's.
  const disposition =
    file.mimetype.startsWith("text/") || file.mimetype === "image/png" ? "inline" : "attachment";
  const type = file.mimetype.startsWith("text/") ? "text/plain; charset=utf-8" : file.mimetype;
  res.writeHead(200, {
    "content-type": type,
    "content-disposition": `${disposition}; filename*=UTF-8''${encodeURIComponent(file.name)}`,
    "x-content-type-options": "nosniff",
  });
  res.end(file.bytes);
}

/** `/client/<method>` and `/client/files/<id>`, as the person named by `as`. */
export async function serveClient(
  board: Switchboard,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  const url = new URL(req.url ?? "/", "http://slack");
  const viewer = url.searchParams.get("as") ?? "";
  if (!board.state.people.includes(viewer)) {
    sendJson(res, failure("unknown_person", `"as" must be one of ${board.state.people.join(", ")}.`), {
      status: 400,
    });
    return;
  }
  const name = url.pathname.replace(/^\/client\//, "");
  if (name.startsWith("files/")) return sendFile(board.state, name.slice("files/".length), viewer, res);
  sendJson(res, await answer({ board, viewer }, name, (await readBody(req)).toString("utf8")));
}
