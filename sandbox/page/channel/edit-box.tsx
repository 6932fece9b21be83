import { useState } from "react";
import type { Message } from "../../slack/client-api.ts";
import { useAttempt, useWho, useWorkspace, useSelected } from "../slack/workspace-context.tsx";
import { typedFrom } from "./draft.ts";

/** Editing one's own message in its place. */
export function EditBox({ message, onDone }: { message: Message; onDone: () => void }) {
  const { call } = useWorkspace();
  const channels = useSelected((state) => state.channels);
  const names = { ...useWho(), channels };
  const attempt = useAttempt();
  const [draft, setDraft] = useState(() => typedFrom(message.text, names));

  async function save(): Promise<void> {
    if (draft.trim() === "") return;
    const at = { channel: message.channel, ts: message.ts };
    if (await attempt(() => call("message.edit", { ...at, text: draft.trim() }))) onDone();
  }

  return (
    <div className="edit-box">
      <textarea
        aria-label="Edit message"
        autoFocus
        rows={2}
        value={draft}
        onChange={(event) => setDraft(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") onDone();
          if (event.key === "Enter" && !event.shiftKey) {
            event.preventDefault();
            void save();
          }
        }}
      />
      <div className="edit-buttons">
        <button type="button" className="button button-plain" onClick={onDone}>
          Cancel
        </button>
        <button type="button" className="button button-primary" onClick={() => void save()}>
          Save
        </button>
      </div>
    </div>
  );
}
