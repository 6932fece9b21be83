import { cluster, people } from "../seed.ts";
import type { Identity } from "./auth.ts";

/** The bearer tokens of the sandbox's people and of crai's own service account. */
export const practiceIdentities: readonly Identity[] = [
  ...Object.values(people).map(({ token, kubernetes }) => ({ token, ...kubernetes })),
  cluster.bot,
];
