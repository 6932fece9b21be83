/**
 * What Slack takes, in characters or items. Sources: docs.slack.dev/reference/block-kit (blocks, elements, composition
 * objects and views) unless a line says otherwise. A rendered view keeps these; nothing else in crai knows them.
 */
export const limits = {
  message: {
    blocks: 50,
    /** Undocumented: beyond about 13,200 characters of JSON a message is refused with msg_blocks_too_long (bolt-js #2509). */
    json: 12_500,
    /** Of the text beside the blocks: as much as a notification shows. */
    textBytes: 1000,
  },
  home: {
    blocks: 100,
    /** A view may have 250 kB; nobody reads that much. */
    json: 60_000,
  },
  section: 3000,
  fields: { count: 10, length: 2000 },
  header: 150,
  context: 3000,
  actions: 25,
  button: { text: 75, value: 2000, actionId: 255 },
  confirm: { title: 100, text: 300, yes: 30 },
  modal: { title: 24, submit: 24, metadata: 3000 },
  input: { label: 2000, text: 3000 },
  /** One table a message; none in modals and Home tabs (docs.slack.dev/reference/block-kit/blocks/table-block). */
  table: { rows: 100, columns: 20, cell: 300 },
  option: { count: 100, text: 75 },
  /** docs.slack.dev/reference/block-kit/block-elements/button-element: 3,000; far longer links are no help. */
  url: 2000,
  /** Of a view that Slack would not take as blocks: chat.update refuses a text of more than 4,000 bytes. */
  plainTextBytes: 3900,
} as const;
