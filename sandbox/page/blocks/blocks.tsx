import type { Block } from "../../slack/client-api.ts";
import { withEmoji } from "../mrkdwn/emoji.ts";
import { Boundary } from "../ui/boundary.tsx";
import { ElementControl } from "./element.tsx";
import { InputField } from "./input-field.tsx";
import type { ActionsBlock, Element, InputBlock, SectionBlock, TextObject } from "./kit.ts";
import { LibraryBlock, libraryBlocks } from "./library-block.tsx";
import { useSurface } from "./surface.tsx";
import { Text } from "./text.tsx";

/** Block Kit blocks inside a `SurfaceProvider`. */
export function Blocks({ blocks, errors }: { blocks: Block[]; errors?: Record<string, string> }) {
  return (
    <div className="blocks">
      {blocks.map((block, index) => (
        <Boundary key={block.block_id ?? index} what={`This ${block.type} block`}>
          <OneBlock block={block} error={errors?.[block.block_id ?? ""]} />
        </Boundary>
      ))}
    </div>
  );
}

function OneBlock({ block, error }: { block: Block; error: string | undefined }) {
  switch (block.type) {
    case "header":
      return (
        <h3 className="block-header">{withEmoji((block as unknown as { text: TextObject }).text.text)}</h3>
      );
    case "divider":
      return <hr className="block-divider" />;
    case "section":
      return <Section block={block} />;
    case "context":
      return <Context elements={(block as ActionsBlock).elements} />;
    case "actions":
      return <Actions block={block as ActionsBlock} />;
    case "input":
      return <InputField block={block as InputBlock} error={error} />;
    default:
      if (libraryBlocks.has(block.type)) return <LibraryBlock block={block} />;
      return <p className="block-unknown">This page cannot show a block of type “{block.type}”.</p>;
  }
}

function Section({ block }: { block: SectionBlock }) {
  const blockId = block.block_id ?? "";
  return (
    <div className="block-section">
      <div className="block-section-text">
        {block.text && (
          <div>
            <Text text={block.text} />
          </div>
        )}
        {block.fields && (
          <div className="block-fields">
            {block.fields.map((field, index) => (
              <div key={index}>
                <Text text={field} />
              </div>
            ))}
          </div>
        )}
        <Complaint blockId={blockId} />
      </div>
      {block.accessory && (
        <div className="block-accessory">
          <ElementControl blockId={blockId} element={block.accessory} dispatches />
        </div>
      )}
    </div>
  );
}

function Actions({ block }: { block: ActionsBlock }) {
  const blockId = block.block_id ?? "";
  return (
    <div>
      <div className="block-actions">
        {block.elements.map((element) => (
          <ElementControl key={element.action_id} blockId={blockId} element={element} dispatches />
        ))}
      </div>
      <Complaint blockId={blockId} />
    </div>
  );
}

function Context({ elements }: { elements: Element[] }) {
  return (
    <div className="block-context">
      {elements.map((element, index) =>
        element.type === "image" ? (
          <img key={index} src={element.image_url} alt={element.alt_text ?? ""} />
        ) : (
          <span key={index}>
            <Text text={element as unknown as TextObject} />
          </span>
        ),
      )}
    </div>
  );
}

/** What Slack says beside something pressed that the app did not answer. */
function Complaint({ blockId }: { blockId: string }) {
  const { complaint } = useSurface();
  if (complaint?.blockId !== blockId) return null;
  return (
    <p className="block-complaint" role="alert">
      {complaint.text}
    </p>
  );
}
