import { digest } from "../../../domain/hash.ts";
import type { Block, Button, View } from "../../../domain/view.ts";

/**
 * What a rendered button carries back to us: which message it stands in and which of its buttons it is, by content.
 * The command itself stays in the database, and a button of an older state of the message finds nothing.
 */
export function buttonRef(outboxId: number, button: Button): string {
  return `${outboxId}:${digest(button).slice(0, 16)}`;
}

export function parseButtonRef(value: string): { outboxId: number; ref: string } | undefined {
  const match = /^(\d{1,15}):[0-9a-f]{16}$/.exec(value);
  return match === null ? undefined : { outboxId: Number(match[1]), ref: value };
}

function buttonsOf(block: Block): readonly Button[] {
  return block.type === "buttons" ? block.buttons : [];
}

/** The button of this view that the reference names. */
export function findButton(view: View, outboxId: number, ref: string): Button | undefined {
  return view.blocks.flatMap(buttonsOf).find((button) => buttonRef(outboxId, button) === ref);
}
