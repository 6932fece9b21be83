import { useState } from "react";
import type { StateValues, View } from "../../slack/client-api.ts";
import { Blocks } from "../blocks/blocks.tsx";
import { elementsOf, isEmpty } from "../blocks/kit.ts";
import { allValues, SurfaceProvider } from "../blocks/surface.tsx";
import { withEmoji } from "../mrkdwn/emoji.ts";
import { useAttempt, useWorkspace, useSelected } from "../slack/workspace-context.tsx";
import { Dialog } from "../ui/dialog.tsx";

/** The person's open modal: the topmost of the stack. Edits live here, by view, so that one below keeps them. */
export function Modals() {
  const views = useSelected((state) => state.views);
  const [edits, setEdits] = useState<Record<string, StateValues>>({});
  const view = views.at(-1);
  if (!view) return null;
  return (
    <Modal
      key={view.id}
      view={view}
      values={edits[view.id] ?? {}}
      setValues={(update) => setEdits((all) => ({ ...all, [view.id]: update(all[view.id] ?? {}) }))}
    />
  );
}

interface ModalProps {
  view: View;
  values: StateValues;
  setValues: (update: (values: StateValues) => StateValues) => void;
}

function Modal({ view, values, setValues }: ModalProps) {
  const { call } = useWorkspace();
  const attempt = useAttempt();
  const [errors, setErrors] = useState<Record<string, string>>({});
  const [failure, setFailure] = useState<string | null>(null);
  const [submitting, setSubmitting] = useState(false);
  const now = allValues(view.blocks, merged(view.state.values, values));

  async function submit(): Promise<void> {
    const missing = missingInputs(view, now);
    setErrors(missing);
    setFailure(null);
    if (Object.keys(missing).length > 0) return;
    setSubmitting(true);
    await attempt(async () => {
      const submission = await call("view.submit", { view_id: view.id, state: now });
      if (submission.outcome === "errors") setErrors(submission.errors);
      if (submission.outcome === "failed") setFailure(submission.message);
    });
    setSubmitting(false);
  }

  function close(all: boolean): void {
    void attempt(() => call("view.close", { view_id: view.id, all }));
  }

  return (
    <Dialog
      className="modal"
      title={withEmoji(view.title?.text ?? "")}
      onClose={() => close(true)}
      footer={
        <>
          {failure && (
            <p className="modal-failure" role="alert">
              {failure}
            </p>
          )}
          <button type="button" className="button button-plain" onClick={() => close(false)}>
            {withEmoji(view.close?.text ?? "Close")}
          </button>
          {view.submit && (
            <button
              type="button"
              className="button button-primary"
              disabled={submitting}
              aria-busy={submitting}
              onClick={() => void submit()}
            >
              {withEmoji(view.submit.text)}
            </button>
          )}
        </>
      }
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (view.submit) void submit();
        }}
      >
        <SurfaceProvider
          container={{ type: "view", view_id: view.id }}
          blocks={view.blocks}
          values={now}
          setValues={setValues}
        >
          <Blocks blocks={view.blocks} errors={errors} />
        </SurfaceProvider>
        {/* A form with several fields submits on Enter only when it has a submit button. */}
        <button type="submit" hidden aria-hidden="true" tabIndex={-1} />
      </form>
    </Dialog>
  );
}

function merged(initial: StateValues, edits: StateValues): StateValues {
  const all = { ...initial };
  for (const [blockId, values] of Object.entries(edits)) all[blockId] = { ...all[blockId], ...values };
  return all;
}

/** What Slack itself asks for before the app hears of a submit. */
function missingInputs(view: View, now: StateValues): Record<string, string> {
  const missing: Record<string, string> = {};
  for (const block of view.blocks) {
    if (block.type !== "input" || block["optional"] === true) continue;
    const blockId = block.block_id ?? "";
    const empty = elementsOf(block).every((element) => isEmpty(now[blockId]?.[element.action_id]));
    if (empty) missing[blockId] = "Please complete this required field.";
  }
  return missing;
}
