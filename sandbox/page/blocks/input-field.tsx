import { useId } from "react";
import { withEmoji } from "../mrkdwn/emoji.ts";
import { ElementControl } from "./element.tsx";
import type { InputBlock } from "./kit.ts";

/** An input block: label, control, hint, and what is wrong with it. */
export function InputField({ block, error }: { block: InputBlock; error: string | undefined }) {
  const id = useId();
  const hasLabelFor = !["checkboxes", "radio_buttons"].includes(block.element.type);
  const label = withEmoji(block.label.text);
  return (
    <div className={`block-input ${error ? "block-input-wrong" : ""}`}>
      <label className="input-label" htmlFor={hasLabelFor ? id : undefined} id={`${id}-label`}>
        {label}
        {block.optional && <span className="input-optional"> (optional)</span>}
      </label>
      <ElementControl
        blockId={block.block_id ?? ""}
        element={block.element}
        dispatches={block.dispatch_action ?? false}
        labels={{
          ...(hasLabelFor ? { id } : { "aria-label": label }),
          "aria-invalid": error !== undefined,
          "aria-describedby": `${id}-error ${id}-hint`,
        }}
      />
      {error && (
        <p className="input-error" id={`${id}-error`} role="alert">
          {error}
        </p>
      )}
      {block.hint && (
        <p className="input-hint" id={`${id}-hint`}>
          {withEmoji(block.hint.text)}
        </p>
      )}
    </div>
  );
}
