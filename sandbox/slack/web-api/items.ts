import { z } from "zod";
import { bookmarkJson, messageJson } from "../app/json.ts";
import { mustBeMember, visibleChannel } from "../channels.ts";
import {
  addBookmark,
  addPin,
  addReaction,
  editBookmark,
  pinnedMessages,
  removeBookmark,
  removePin,
  removeReaction,
} from "../items.ts";
import { mustFindMessage } from "../messages.ts";
import type { Call } from "./method.ts";
import { method } from "./method.ts";

const on = { channel: z.string(), timestamp: z.string() };
const bookmarkFields = { title: z.string(), link: z.string(), emoji: z.string().optional() };

function markOf({ state, actor }: Call, { channel, timestamp }: { channel: string; timestamp: string }) {
  return { channel: visibleChannel(state, actor, channel), ts: timestamp, user: actor };
}

/** Reactions, pins and bookmarks. */
export const itemMethods = {
  "reactions.add": method({
    tier: 3,
    scopes: ["reactions:write"],
    args: z.looseObject({ ...on, name: z.string() }),
    run(args, call) {
      addReaction(call.state, markOf(call, args), args.name.replaceAll(":", ""));
      return {};
    },
  }),
  "reactions.remove": method({
    tier: 2,
    scopes: ["reactions:write"],
    args: z.looseObject({ ...on, name: z.string() }),
    run(args, call) {
      removeReaction(call.state, markOf(call, args), args.name.replaceAll(":", ""));
      return {};
    },
  }),
  "reactions.get": method({
    tier: 3,
    scopes: ["reactions:read"],
    args: z.looseObject(on),
    run(args, call) {
      const { channel, ts } = markOf(call, args);
      const message = mustFindMessage(call.state, channel.id, ts);
      return { type: "message", channel: channel.id, message: messageJson(call.state, message) };
    },
  }),

  "pins.add": method({
    tier: 2,
    scopes: ["pins:write"],
    args: z.looseObject(on),
    run(args, call) {
      addPin(call.state, markOf(call, args));
      return {};
    },
  }),
  "pins.remove": method({
    tier: 2,
    scopes: ["pins:write"],
    args: z.looseObject(on),
    run(args, call) {
      removePin(call.state, markOf(call, args));
      return {};
    },
  }),
  "pins.list": method({
    tier: 2,
    scopes: ["pins:read"],
    args: z.looseObject({ channel: z.string() }),
    run({ channel: id }, { state, actor }) {
      const channel = visibleChannel(state, actor, id);
      mustBeMember(channel, actor);
      return {
        items: pinnedMessages(state, channel).map(({ pin, message }) => ({
          type: "message",
          channel: channel.id,
          created: pin.created,
          created_by: pin.user,
          message: messageJson(state, message),
        })),
      };
    },
  }),

  "bookmarks.add": method({
    tier: 2,
    scopes: ["bookmarks:write"],
    args: z.looseObject({ channel_id: z.string(), type: z.literal("link"), ...bookmarkFields }),
    run({ channel_id, title, link, emoji = null }, { state, actor }) {
      const channel = visibleChannel(state, actor, channel_id);
      return { bookmark: bookmarkJson(state, addBookmark(state, channel, actor, { title, link, emoji })) };
    },
  }),
  "bookmarks.edit": method({
    tier: 2,
    scopes: ["bookmarks:write"],
    args: z.looseObject({
      channel_id: z.string(),
      bookmark_id: z.string(),
      title: z.string().optional(),
      link: z.string().optional(),
      emoji: z.string().optional(),
    }),
    run({ channel_id, bookmark_id, title, link, emoji }, { state, actor }) {
      const channel = visibleChannel(state, actor, channel_id);
      const fields = {
        ...(title === undefined ? {} : { title }),
        ...(link === undefined ? {} : { link }),
        ...(emoji === undefined ? {} : { emoji }),
      };
      const at = { channel, user: actor, id: bookmark_id };
      return { bookmark: bookmarkJson(state, editBookmark(state, at, fields)) };
    },
  }),
  "bookmarks.list": method({
    tier: 3,
    scopes: ["bookmarks:read"],
    args: z.looseObject({ channel_id: z.string() }),
    run({ channel_id }, { state, actor }) {
      const channel = visibleChannel(state, actor, channel_id);
      return { bookmarks: channel.bookmarks.map((one) => bookmarkJson(state, one)) };
    },
  }),
  "bookmarks.remove": method({
    tier: 2,
    scopes: ["bookmarks:write"],
    args: z.looseObject({ channel_id: z.string(), bookmark_id: z.string() }),
    run({ channel_id, bookmark_id }, { state, actor }) {
      removeBookmark(state, visibleChannel(state, actor, channel_id), actor, bookmark_id);
      return {};
    },
  }),
};
