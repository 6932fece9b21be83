import type { Person } from "../../domain/actor.ts";
import type { Attachment, View } from "../../domain/view.ts";

/** Where a command was given. */
export interface Place {
  surface: "slash" | "button" | "mention" | "shortcut" | "home" | "cli";
  /** Slack channel ID; null on the command line and in App Home. */
  channel: string | null;
  thread: string | null;
  responseUrl: string | null;
}

/** One thing a person asked for, however they asked. `id` is the cause of all its effects. */
export interface Invocation {
  id: string;
  text: string;
  actor: Person;
  place: Place;
  at: Date;
}

/**
 * What a command answers. `asker`: only they see it; `channel`: everybody in the place it was given; `said`: it stands
 * in Slack already (a plan's own message), only a terminal still has to print it.
 */
export interface Reply {
  to: "asker" | "channel" | "said";
  view: View;
  /** Longer than a message should be: below it in Slack, printed after it in a terminal. */
  details?: View;
  attachments?: Attachment[];
  /** It was not carried out: the asker's doing, or ours. */
  trouble?: "refused" | "broken";
  /** Number of the incident it tells of. */
  about?: number | null;
}
