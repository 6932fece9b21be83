/**
 * Slack's limits as one table. The keys and figures of `blockLimits` follow docs.slack.dev/reference/block-kit;
 * lengths are in characters (UTF-16 units), `max_items` counts array elements.
 */
export const blockLimits = {
  text: { min_length: 1, max_length: 3000 },
  action_id: { max_length: 255 },
  block_id: { max_length: 255 },
  button: {
    text: { max_length: 75 },
    url: { max_length: 3000 },
    value: { max_length: 2000 },
    accessibility_label: { max_length: 75 },
  },
  confirmation: {
    title: { max_length: 100 },
    text: { max_length: 300 },
    confirm: { max_length: 30 },
    deny: { max_length: 30 },
  },
  option: {
    text: { max_length: 75 },
    value: { max_length: 150 },
    description: { max_length: 75 },
    url: { max_length: 3000 },
  },
  option_group: { label: { max_length: 75 }, options: { min_items: 1, max_items: 100 } },
  select: {
    placeholder: { max_length: 150 },
    options: { max_items: 100 },
    option_groups: { max_items: 100 },
  },
  overflow: { options: { min_items: 1, max_items: 5 } },
  checkboxes: { options: { min_items: 1, max_items: 10 } },
  radio_buttons: { options: { min_items: 1, max_items: 10 } },
  plain_text_input: { max_length: { max: 3000 } },
  actions: { elements: { max_items: 25 } },
  context: { elements: { max_items: 10 } },
  header: { text: { max_length: 150 } },
  image: { image_url: { max_length: 3000 }, alt_text: { max_length: 2000 } },
  input: { label: { max_length: 2000 }, hint: { max_length: 2000 } },
  markdown: { text: { min_length: 1, max_length: 12_000 } },
  section: { text: { max_length: 3000 }, fields: { max_items: 10, item_max_length: 2000 } },
  view: {
    blocks: { min_items: 1, max_items: 100 },
    private_metadata: { max_length: 3000 },
    callback_id: { max_length: 255 },
    title: { max_length: 24 },
    close: { max_length: 24 },
    submit: { max_length: 24 },
  },
} as const;

/** docs.slack.dev/reference/block-kit/blocks/table-block; an empty text of a cell is refused as any other. */
export const tableLimits = { rows: { min_items: 1, max_items: 100 }, columns: { max_items: 20 } } as const;

export const messageLimits = {
  blocks: 50,
  attachments: 100,
  /** Longer text is cut, with a warning (api.slack.com/changelog/2018-04-truncating-really-long-messages). */
  textCutAt: 40_000,
  /** chat.update refuses more with msg_too_long, blocks or not; counted in bytes of the escaped text. */
  updateTextBytes: 4000,
  /** Undocumented: all blocks of a message as JSON, beyond it msg_blocks_too_long (bolt-js #2509). */
  blocksJson: 13_200,
  /** docs.slack.dev/reference/metadata: the JSON of event_payload. */
  metadataBytes: 15 * 1024,
  reactionsPerMessage: 23,
} as const;

export const channelLimits = { name: 80, topic: 250, invitesAtOnce: 1000 } as const;

export const viewLimits = { stack: 3, jsonBytes: 250_000 } as const;

export const responseUrlLimits = { uses: 5, lifeMs: 30 * 60_000 } as const;
