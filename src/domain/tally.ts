import { z } from "zod";

const Finding = z.object({ ok: z.boolean().nullable(), what: z.string() });
/** What a check says of an item; `ok` null: it cannot tell. */
export type Finding = z.infer<typeof Finding>;

const Ticked = z.object({
  text: z.string(),
  /** overridden: somebody vouches for it, by name and reason, against what crai finds. */
  is: z.enum(["open", "so", "not so", "overridden"]),
  found: Finding.nullable(),
  said: z
    .object({ by: z.string(), at: z.iso.datetime(), yes: z.boolean(), note: z.string().nullable() })
    .nullable(),
});
export type Ticked = z.infer<typeof Ticked>;

/** What a checklist has come to so far, as its run keeps it. */
export const Tally = z.object({ ticked: z.int(), failed: z.int(), items: z.array(Ticked) });
export type Tally = z.infer<typeof Tally>;
