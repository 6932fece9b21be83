export interface Progress {
  /** Steps done, from the first. */
  done: number;
  isHidden: boolean;
}

export const emptyProgress: Progress = { done: 0, isHidden: false };

export interface Sight {
  /** Whether some app runs a bad release; null: not known at the moment. */
  isBad: boolean | null;
  /** The page shows an incident's channel. */
  isIncidentOpen: boolean;
  /** The channel shown holds an exported post-mortem. */
  hasPostMortem: boolean;
}

/** One check a step, in order: a step counts only after the one before it. */
const checks: ((sight: Sight) => boolean)[] = [
  (sight) => sight.isBad === true,
  (sight) => sight.isIncidentOpen,
  // Only a rollback (or a reset) makes a release good again.
  (sight) => sight.isBad === false,
  (sight) => sight.hasPostMortem,
];

/** How many steps are done, given what is seen now. */
export function ticked(done: number, sight: Sight): number {
  const open = checks.findIndex((check, step) => step >= done && !check(sight));
  return open < 0 ? checks.length : open;
}
