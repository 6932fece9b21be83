import { useId, useRef, useState } from "react";
import type { Channel } from "../../slack/client-api.ts";
import { useAttempt, useWho, useWorkspace, useSelected } from "../slack/workspace-context.tsx";
import { Icon } from "../ui/icons.tsx";
import { complete, type Suggestion, suggest } from "./draft.ts";
import { Suggestions } from "./suggestions.tsx";

interface ComposerProps {
  channel: Channel;
  threadTs?: string;
}

/** Where one writes: Enter sends, a line that starts with a slash runs a command. */
export function Composer({ channel, threadTs }: ComposerProps) {
  const { call } = useWorkspace();
  const channels = useSelected((state) => state.channels);
  const names = { ...useWho(), channels };
  const attempt = useAttempt();
  const input = useRef<HTMLTextAreaElement>(null);
  const listId = useId();
  const [draft, setDraft] = useState("");
  const [caret, setCaret] = useState(0);
  const [active, setActive] = useState(0);
  const [hidden, setHidden] = useState(false);
  const [broadcast, setBroadcast] = useState(false);
  const [sending, setSending] = useState(false);

  const suggestions = hidden ? [] : suggest(draft, caret, names);
  const command = names.commands.find(
    (known) => draft === known.command || draft.startsWith(`${known.command} `),
  );
  const name = channel.is_im ? channel.name : `#${channel.name}`;
  const label = threadTs ? "Reply…" : `Message ${name}`;

  function change(next: string, at: number): void {
    setDraft(next);
    setCaret(at);
    setActive(0);
    setHidden(false);
  }

  function accept(suggestion: Suggestion): void {
    const completed = complete(draft, caret, suggestion);
    change(completed.draft, completed.caret);
    input.current?.focus();
  }

  async function send(): Promise<void> {
    const text = draft.trim();
    if (text === "" || sending) return;
    setSending(true);
    change("", 0);
    const thread = threadTs ? { thread_ts: threadTs } : {};
    const sent = await attempt(async () => {
      if (text.startsWith("/")) await call("command.run", { channel: channel.id, text, ...thread });
      else {
        const options = { ...thread, ...(broadcast && { reply_broadcast: true }) };
        await call("message.post", { channel: channel.id, text, ...options });
      }
    });
    setSending(false);
    // What could not be sent is not lost; a newer draft is not overwritten.
    if (!sent) setDraft((now) => now || text);
  }

  function onKeyDown(event: React.KeyboardEvent): void {
    const current = suggestions[active];
    if (current && ["ArrowDown", "ArrowUp"].includes(event.key)) {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : suggestions.length - 1;
      setActive((active + step) % suggestions.length);
    } else if (current && (event.key === "Tab" || event.key === "Enter") && !event.shiftKey) {
      event.preventDefault();
      accept(current);
    } else if (event.key === "Escape" && suggestions.length > 0) {
      event.preventDefault();
      setHidden(true);
    } else if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing) {
      event.preventDefault();
      void send();
    }
  }

  return (
    <form
      className="composer"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      {suggestions.length > 0 && (
        <Suggestions id={listId} all={suggestions} active={active} onChoose={accept} />
      )}
      {command && suggestions.length === 0 && !threadTs && (
        <p className="command-hint">
          <strong>{command.command}</strong> {command.usage_hint} <span>{command.description}</span>
        </p>
      )}
      <div className="composer-box">
        <textarea
          ref={input}
          aria-label={label}
          placeholder={label}
          rows={1}
          value={draft}
          role="combobox"
          aria-autocomplete="list"
          aria-expanded={suggestions.length > 0}
          aria-controls={listId}
          aria-activedescendant={suggestions[active] && `${listId}-${suggestions[active].id}`}
          onChange={(event) => change(event.target.value, event.target.selectionStart)}
          onSelect={(event) => setCaret(event.currentTarget.selectionStart)}
          onKeyDown={onKeyDown}
        />
        <div className="composer-bar">
          {threadTs ? (
            <label className="broadcast">
              <input
                type="checkbox"
                checked={broadcast}
                onChange={(event) => setBroadcast(event.target.checked)}
              />
              Also send to {name}
            </label>
          ) : (
            <span className="composer-tip">
              <b>/crai</b> runs a command · <b>@</b> mentions · <b>Shift Enter</b> new line
            </span>
          )}
          <button
            type="submit"
            className="send-button"
            aria-label="Send"
            disabled={draft.trim() === "" || sending}
          >
            <Icon name="send" />
          </button>
        </div>
      </div>
    </form>
  );
}
