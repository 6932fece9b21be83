import { z } from "zod";
import type { StateValues } from "../client-api.ts";
import type { StoredView } from "../records.ts";
import { SlackRefusal } from "../refusal.ts";
import { inputComplaints, mergedState } from "../view-state.ts";
import { closeViews, pushView, stackOf, updateView } from "../views.ts";
import { deliver, trouble } from "./interactions.ts";
import { viewJson } from "./json.ts";
import { interactionPayload } from "./payloads.ts";
import type { Switchboard } from "./switchboard.ts";
import { newTrigger } from "./triggers.ts";

type Submission =
  | { outcome: "errors"; errors: Record<string, string> }
  | { outcome: "closed" }
  | { outcome: "cleared" }
  | { outcome: "updated"; view: StoredView }
  | { outcome: "pushed"; view: StoredView }
  | { outcome: "failed"; message: string };

const submissionAnswer = z.discriminatedUnion("response_action", [
  z.object({ response_action: z.literal("errors"), errors: z.record(z.string(), z.string()) }),
  z.object({ response_action: z.literal("update"), view: z.unknown() }),
  z.object({ response_action: z.literal("push"), view: z.unknown() }),
  z.object({ response_action: z.literal("clear") }),
]);

function isPlainAck(payload: unknown): boolean {
  return typeof payload !== "object" || payload === null || !("response_action" in payload);
}

/** Sends a filled-in modal to the app and does with the modal what the app answers. */
export async function submitView(
  board: Switchboard,
  submitted: { user: string; viewId: string; state: StateValues },
): Promise<Submission> {
  const { state } = board;
  const { user } = submitted;
  const view = stackOf(state, user).find((one) => one.id === submitted.viewId);
  if (view === undefined) throw new SlackRefusal("not_found");
  const filled = mergedState(view.blocks, submitted.state);
  const complaints = inputComplaints(view.blocks, filled.values);
  if (Object.keys(complaints).length > 0) return { outcome: "errors", errors: complaints };

  const delivery = await board.link().send("interactive", {
    type: "view_submission",
    ...interactionPayload(state, user),
    trigger_id: newTrigger(board, user),
    view: { ...viewJson(state, view), state: filled },
    response_urls: [],
  });
  if (delivery.outcome !== "acked") return { outcome: "failed", message: trouble };
  if (isPlainAck(delivery.payload)) {
    closeViews(state, user, [view]);
    return { outcome: "closed" };
  }
  const answer = submissionAnswer.safeParse(delivery.payload);
  if (!answer.success) return { outcome: "failed", message: trouble };
  try {
    return carryOut(board, view, answer.data);
  } catch (error) {
    // The app's answer held a view that Slack refuses: the person sees trouble, as in Slack.
    if (error instanceof SlackRefusal) return { outcome: "failed", message: `${trouble} (${error.message})` };
    throw error;
  }
}

function carryOut(
  board: Switchboard,
  view: StoredView,
  answer: z.infer<typeof submissionAnswer>,
): Submission {
  const { state } = board;
  switch (answer.response_action) {
    case "errors": {
      const unknown = Object.keys(answer.errors).filter(
        (id) => !view.blocks.some((block) => block.block_id === id),
      );
      if (unknown.length > 0) throw new SlackRefusal("invalid_arguments", [`no block ${unknown.join(", ")}`]);
      return { outcome: "errors", errors: answer.errors };
    }
    case "update":
      return { outcome: "updated", view: updateView(state, view, answer.view) };
    case "push":
      return { outcome: "pushed", view: pushView(state, view.user, answer.view) };
    case "clear":
      closeViews(state, view.user, stackOf(state, view.user));
      return { outcome: "cleared" };
  }
}

/** The close button (this view) or the X (`all`); views that asked for it are told with view_closed. */
export async function closeView(
  board: Switchboard,
  closed: { user: string; viewId: string; all: boolean },
): Promise<void> {
  const { state } = board;
  const { user } = closed;
  const stack = stackOf(state, user);
  const view = stack.find((one) => one.id === closed.viewId);
  if (view === undefined) throw new SlackRefusal("not_found");
  const isCleared = closed.all || view.clear_on_close;
  const gone = isCleared ? stack : stack.slice(stack.indexOf(view));
  closeViews(state, user, gone);
  const told = gone.filter((one) => one.notify_on_close);
  await Promise.all(
    told.map((one) =>
      deliver(board, {
        type: "view_closed",
        ...interactionPayload(state, user),
        view: viewJson(state, one),
        is_cleared: isCleared,
      }),
    ),
  );
}
