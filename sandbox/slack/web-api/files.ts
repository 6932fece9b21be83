import { z } from "zod";
import { fileJson } from "../app/json.ts";
import { mustBeActive, mustBeMember, visibleChannel } from "../channels.ts";
import { checkMessageBlocks } from "../check-blocks.ts";
import { addMessage, threadRoot } from "../messages.ts";
import type { StoredFile } from "../records.ts";
import { SlackRefusal } from "../refusal.ts";
import type { State } from "../state.ts";
import { arg, method } from "./method.ts";

const mimetypes: Record<string, string> = {
  md: "text/markdown",
  txt: "text/plain",
  log: "text/plain",
  diff: "text/x-diff",
  json: "application/json",
  yaml: "application/yaml",
  yml: "application/yaml",
  csv: "text/csv",
  png: "image/png",
  svg: "image/svg+xml",
  pdf: "application/pdf",
};

function mimetypeOf(name: string): string {
  return mimetypes[name.slice(name.lastIndexOf(".") + 1).toLowerCase()] ?? "application/octet-stream";
}

/** The bytes, posted to the address getUploadURLExternal gave; answers like Slack's upload host. */
export function receiveUpload(state: State, id: string, bytes: Buffer): string {
  const file = state.files.get(id);
  if (file === undefined || file.bytes !== null) throw new SlackRefusal("file_not_found");
  file.bytes = bytes;
  file.size = bytes.length;
  return `OK - ${bytes.length}`;
}

const fileList = z.array(z.looseObject({ id: z.string(), title: z.string().optional() })).min(1);

function uploaded(state: State, id: string): StoredFile {
  const file = state.files.get(id);
  if (file === undefined) throw new SlackRefusal("file_not_found");
  if (file.bytes === null) throw new SlackRefusal("file_not_uploaded");
  return file;
}

/** Uploads as they have been since files.upload ended: ask for an address, post the bytes, complete. */
export const fileMethods = {
  "files.getUploadURLExternal": method({
    tier: 4,
    scopes: ["files:write"],
    // Slack documents alt_txt; its own SDK sends alt_text.
    args: z.looseObject({
      filename: z.string().min(1),
      length: arg.int.min(1),
      alt_txt: z.string().max(1000).optional(),
      alt_text: z.string().max(1000).optional(),
    }),
    run({ filename, length, alt_txt, alt_text }, { state, actor, board }) {
      const id = state.newId("F");
      const alt = alt_txt ?? alt_text;
      state.files.set(id, {
        ...(alt === undefined ? {} : { alt }),
        id,
        name: filename,
        title: filename,
        mimetype: mimetypeOf(filename),
        size: length,
        user: actor,
        created: Math.floor(state.now() / 1000),
        bytes: null,
        shares: [],
      });
      return { upload_url: `${board.origin()}/upload/${id}`, file_id: id };
    },
  }),

  "files.completeUploadExternal": method({
    tier: 4,
    scopes: ["files:write"],
    args: z.looseObject({
      files: arg.json,
      channel_id: z.string().optional(),
      initial_comment: z.string().optional(),
      thread_ts: z.string().optional(),
      blocks: arg.json.optional(),
    }),
    run(args, { state, actor }) {
      const list = fileList.safeParse(args.files);
      if (!list.success)
        throw new SlackRefusal("invalid_arguments", ["[ERROR] files must be a list of {id, title}"]);
      const channel =
        args.channel_id === undefined ? undefined : visibleChannel(state, actor, args.channel_id);
      if (channel !== undefined) {
        mustBeActive(channel);
        mustBeMember(channel, actor);
      }
      const files = list.data.map(({ id, title }) =>
        Object.assign(uploaded(state, id), title === undefined ? {} : { title }),
      );
      if (channel !== undefined) {
        const root = args.thread_ts && threadRoot(state, channel.id, args.thread_ts);
        const message = addMessage(state, {
          channel: channel.id,
          user: actor,
          bot_id: state.bot.id,
          app_id: state.bot.appId,
          text: args.initial_comment ?? "",
          files: files.map((file) => file.id),
          ...(args.blocks === undefined ? {} : { blocks: checkMessageBlocks(args.blocks) }),
          ...(root ? { thread_ts: root } : {}),
        });
        for (const file of files) file.shares.push({ channel: channel.id, ts: message.ts });
      }
      return { files: files.map((file) => fileJson(state, file.id)) };
    },
  }),

  "files.info": method({
    tier: 4,
    scopes: ["files:read"],
    args: z.looseObject({ file: z.string() }),
    run({ file }, { state }) {
      return {
        file: fileJson(state, uploaded(state, file).id),
        comments: [],
        paging: { count: 0, total: 0, page: 1, pages: 0 },
      };
    },
  }),
};
