import { Dialog } from "../ui/dialog.tsx";
import { withEmoji } from "../mrkdwn/emoji.ts";
import type { Confirm } from "./kit.ts";
import { Text } from "./text.tsx";

interface ConfirmDialogProps {
  confirm: Confirm;
  onConfirm: () => void;
  onDeny: () => void;
}

/** Slack's question before an element acts. */
export function ConfirmDialog({ confirm, onConfirm, onDeny }: ConfirmDialogProps) {
  return (
    <Dialog
      className="confirm-dialog"
      title={withEmoji(confirm.title.text)}
      onClose={onDeny}
      footer={
        <>
          <button type="button" className="button" onClick={onDeny}>
            {withEmoji(confirm.deny.text)}
          </button>
          <button type="button" className={`button button-${confirm.style ?? "primary"}`} onClick={onConfirm}>
            {withEmoji(confirm.confirm.text)}
          </button>
        </>
      }
    >
      <Text text={confirm.text} />
    </Dialog>
  );
}
