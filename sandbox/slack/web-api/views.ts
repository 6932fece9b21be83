import { z } from "zod";
import { viewJson } from "../app/json.ts";
import { redeemTrigger } from "../app/triggers.ts";
import { SlackRefusal } from "../refusal.ts";
import { findView, openView, publishHome, pushView, updateView } from "../views.ts";
import { arg, method } from "./method.ts";

const triggered = {
  trigger_id: z.string().optional(),
  interactivity_pointer: z.string().optional(),
  view: arg.json,
};

function triggerOf(args: {
  trigger_id?: string | undefined;
  interactivity_pointer?: string | undefined;
}): string {
  const id = args.trigger_id ?? args.interactivity_pointer;
  if (id === undefined)
    throw new SlackRefusal("invalid_arguments", ["[ERROR] missing required field: trigger_id"]);
  return id;
}

/** Modals and the Home tab. They need no scope: a trigger_id or the person's own visit allows them. */
export const viewMethods = {
  "views.open": method({
    tier: 4,
    args: z.looseObject(triggered),
    run(args, { state, board }) {
      const user = redeemTrigger(board, triggerOf(args));
      return { view: viewJson(state, openView(state, user, args.view)) };
    },
  }),
  "views.push": method({
    tier: 4,
    args: z.looseObject(triggered),
    run(args, { state, board }) {
      const user = redeemTrigger(board, triggerOf(args));
      return { view: viewJson(state, pushView(state, user, args.view)) };
    },
  }),
  "views.update": method({
    tier: 4,
    args: z.looseObject({
      view_id: z.string().optional(),
      external_id: z.string().optional(),
      hash: z.string().optional(),
      view: arg.json,
    }),
    run({ view_id, external_id, hash, view }, { state }) {
      const found = findView(state, { id: view_id, externalId: external_id });
      return { view: viewJson(state, updateView(state, found, view, hash)) };
    },
  }),
  "views.publish": method({
    tier: 4,
    args: z.looseObject({ user_id: z.string(), hash: z.string().optional(), view: arg.json }),
    run({ user_id, hash, view }, { state }) {
      if (!state.manifest.features.app_home.home_tab_enabled) throw new SlackRefusal("not_enabled");
      return { view: viewJson(state, publishHome(state, user_id, view, hash)) };
    },
  }),
};
