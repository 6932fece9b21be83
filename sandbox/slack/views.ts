import { checkView } from "./check-blocks.ts";
import type { CheckedView } from "./check-blocks.ts";
import { viewLimits } from "./limits.ts";
import type { StoredView } from "./records.ts";
import { SlackRefusal } from "./refusal.ts";
import type { State } from "./state.ts";
import { initialState } from "./view-state.ts";

/** Modals stand in a stack of at most three on a person's screen; each person has one Home tab. */

function stored(
  state: State,
  view: CheckedView,
  rest: Pick<StoredView, "user" | "id" | "root_view_id" | "previous_view_id">,
): StoredView {
  const modal = view.type === "modal" ? view : undefined;
  return {
    ...rest,
    type: view.type,
    callback_id: view.callback_id ?? "",
    external_id: view.external_id ?? "",
    private_metadata: view.private_metadata ?? "",
    title: modal?.title ?? null,
    submit: modal?.submit ?? null,
    close: modal?.close ?? null,
    clear_on_close: modal?.clear_on_close ?? false,
    notify_on_close: modal?.notify_on_close ?? false,
    blocks: view.blocks,
    state: initialState(view.blocks),
    hash: state.nextTs(),
  };
}

function allViews(state: State): StoredView[] {
  return [...state.homes.values(), ...[...state.modals.values()].flat()];
}

function checkExternalId(state: State, view: CheckedView, own?: StoredView): void {
  const taken = allViews(state).some((one) => one !== own && one.external_id === view.external_id);
  if (view.external_id && taken) throw new SlackRefusal("duplicate_external_id");
}

export function stackOf(state: State, user: string): readonly StoredView[] {
  return state.modals.get(user) ?? [];
}

export function findView(
  state: State,
  by: { id?: string | undefined; externalId?: string | undefined },
): StoredView {
  const view = allViews(state).find(
    (one) => one.id === by.id || (by.externalId && one.external_id === by.externalId),
  );
  if (view === undefined) throw new SlackRefusal("not_found");
  return view;
}

/** A first modal; one that is still open is replaced, as Slack shows one stack at a time. */
export function openView(state: State, user: string, given: unknown): StoredView {
  const view = checkView(given, "modal");
  checkExternalId(state, view);
  closeViews(state, user, stackOf(state, user));
  return addView(state, user, view);
}

export function pushView(state: State, user: string, given: unknown): StoredView {
  const view = checkView(given, "modal");
  checkExternalId(state, view);
  const stack = stackOf(state, user);
  if (stack.length === 0) throw new SlackRefusal("not_found");
  if (stack.length >= viewLimits.stack) throw new SlackRefusal("push_limit_reached");
  return addView(state, user, view);
}

function addView(state: State, user: string, view: CheckedView): StoredView {
  const stack = stackOf(state, user);
  const id = state.newId("V");
  const added = stored(state, view, {
    id,
    user,
    root_view_id: stack[0]?.id ?? id,
    previous_view_id: stack.at(-1)?.id ?? null,
  });
  state.modals.set(user, [...stack, added]);
  state.emit({ type: "view_opened", view: added });
  return added;
}

/** Replaces a view's content. A `hash` that is not the current one means somebody else updated it first. */
export function updateView(state: State, view: StoredView, given: unknown, hash?: string): StoredView {
  if (hash !== undefined && hash !== view.hash) throw new SlackRefusal("hash_conflict");
  const checked = checkView(given, view.type);
  checkExternalId(state, checked, view);
  Object.assign(view, stored(state, checked, view));
  state.emit(view.type === "home" ? { type: "home_published", view } : { type: "view_updated", view });
  return view;
}

export function publishHome(state: State, user: string, given: unknown, hash?: string): StoredView {
  if (!state.users.has(user)) throw new SlackRefusal("user_not_found");
  const existing = state.homes.get(user);
  if (existing !== undefined) return updateView(state, existing, given, hash);
  const view = checkView(given, "home");
  checkExternalId(state, view);
  const id = state.newId("V");
  const home = stored(state, view, { id, user, root_view_id: id, previous_view_id: null });
  state.homes.set(user, home);
  state.emit({ type: "home_published", view: home });
  return home;
}

/** Takes these off the person's screen; telling the app is the caller's part. */
export function closeViews(state: State, user: string, views: readonly StoredView[]): void {
  if (views.length === 0) return;
  state.modals.set(
    user,
    stackOf(state, user).filter((view) => !views.includes(view)),
  );
  state.emit({ type: "views_closed", user, views });
}
