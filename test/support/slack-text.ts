import type { Block, Message, View } from "../../sandbox/slack/client-api.ts";

/** Messages and views as the lines a person reads, for assertions and failure reports. */

type Node = Record<string, unknown>;

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function nodes(value: unknown): Node[] {
  return Array.isArray(value) ? value.filter(isNode) : [];
}

/** Links show their label, entities their character; mentions stay as tokens (`<@U0ROBIN>`). */
function readable(mrkdwn: string): string {
  return mrkdwn
    .replace(
      /<((?:https?|mailto):[^|>]+)(?:\|([^>]*))?>/g,
      (_all, url: string, label?: string) => label ?? url,
    )
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&");
}

function textObject(value: unknown): string {
  if (!isNode(value) || typeof value["text"] !== "string") return "";
  return value["type"] === "plain_text" ? value["text"] : readable(value["text"]);
}

/** Buttons as [label], menus as [placeholder v], inputs as [______]. */
function elementText(element: Node): string {
  switch (element["type"]) {
    case "button":
      return `[${textObject(element["text"])}]`;
    case "overflow":
      return `[... ${optionLabels(element).join(" | ")}]`;
    case "checkboxes":
    case "radio_buttons":
      return optionLabels(element)
        .map((label) => `( ) ${label}`)
        .join(" ");
    case "image":
      return `(image: ${String(element["alt_text"])})`;
    case "plain_text":
    case "mrkdwn":
      return textObject(element);
    default:
      return `[${textObject(element["placeholder"])} v]`;
  }
}

export function optionsOf(element: Node): Node[] {
  const grouped = nodes(element["option_groups"]).flatMap((group) => nodes(group["options"]));
  return [...nodes(element["options"]), ...grouped];
}

function optionLabels(element: Node): string[] {
  return optionsOf(element).map((option) => textObject(option["text"]));
}

function richText(node: Node): string {
  const { type } = node;
  if (type === "text") return String(node["text"]);
  if (type === "link") return String(node["text"] ?? node["url"]);
  if (type === "user") return `<@${String(node["user_id"])}>`;
  if (type === "broadcast") return `<!${String(node["range"])}>`;
  if (type === "emoji") return `:${String(node["name"])}:`;
  return nodes(node["elements"])
    .map(richText)
    .join(type === "rich_text_list" ? "\n" : "");
}

function cellText(cell: Node): string {
  if (cell["type"] === "rich_text") return richText(cell);
  return typeof cell["text"] === "string" ? cell["text"] : "";
}

function blockText(block: Block): string {
  const node: Node = block;
  switch (block.type) {
    case "section": {
      const fields = nodes(node["fields"]).map(textObject);
      const accessory = isNode(node["accessory"]) ? elementText(node["accessory"]) : "";
      return [textObject(node["text"]), ...fields, accessory].filter((line) => line !== "").join("\n");
    }
    case "header":
      return textObject(node["text"]);
    case "markdown":
      return String(node["text"]);
    case "context":
    case "actions":
      return nodes(node["elements"]).map(elementText).join(" ");
    case "input": {
      const element = isNode(node["element"]) ? elementText(node["element"]) : "";
      return [textObject(node["label"]), element, textObject(node["hint"])]
        .filter((line) => line !== "")
        .join("\n");
    }
    case "image":
      return elementText(node);
    case "rich_text":
      return richText(node);
    case "table":
      return (Array.isArray(node["rows"]) ? node["rows"] : [])
        .map((row) => nodes(row).map(cellText).join(" | "))
        .join("\n");
    case "divider":
      return "---";
    default:
      return `(${block.type})`;
  }
}

/** What a person reads: the blocks where there are some (the text is then only the notification), else the text. */
export function textOf(shown: Message | View): string {
  if (!("ts" in shown)) {
    const buttons = [shown.submit, shown.close].map(textObject).filter((label) => label !== "");
    const body = shown.blocks.map(blockText);
    return [textObject(shown.title), ...body, buttons.map((label) => `[${label}]`).join(" ")]
      .join("\n")
      .trim();
  }
  const { blocks, attachments, files, text } = shown as Message;
  const attached = nodes(attachments).flatMap((one) =>
    one["blocks"] === undefined
      ? [typeof one["text"] === "string" ? one["text"] : ""]
      : (nodes(one["blocks"]) as Block[]).map(blockText),
  );
  const body = blocks === undefined || blocks.length === 0 ? [readable(text)] : blocks.map(blockText);
  return [...body, ...attached, ...(files ?? []).map((file) => `(file: ${file.title})`)].join("\n").trim();
}

interface Interactive {
  block: Block;
  element: Node;
}

/** Everything that can be pressed, chosen or typed into. */
export function interactivesOf(blocks: readonly Block[]): Interactive[] {
  return blocks.flatMap((block) => {
    const node: Node = block;
    const own = block.type === "actions" ? nodes(node["elements"]) : [];
    const single = [node["accessory"], node["element"]]
      .filter(isNode)
      .filter((one) => one["type"] !== "image");
    return [...own, ...single].map((element) => ({ block, element }));
  });
}

/** What a person would call it: a button's text, an input's label, a menu's placeholder. */
export function labelOf({ block, element }: Interactive): string {
  if (element["type"] === "button") return textObject(element["text"]);
  const label = textObject((block as Node)["label"]);
  return label === "" ? textObject(element["placeholder"]) : label;
}
