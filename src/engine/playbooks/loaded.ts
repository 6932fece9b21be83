import type { Playbook } from "../../domain/playbook.ts";
import type { Action } from "./action.ts";
import type { FlatStep } from "./flat-steps.ts";

/** A playbook in force, with the digest that plans pin. */
export interface LoadedPlaybook extends Playbook {
  file: string;
  flat: readonly FlatStep[];
  digest: string;
}

export type Playbooks = ReadonlyMap<string, LoadedPlaybook>;
export type Actions = ReadonlyMap<string, Action>;

/** The catalogue as a map; two actions of one name are a mistake in the catalogue. */
export function indexActions(actions: readonly Action[]): Actions {
  const byName = new Map(actions.map((action) => [action.name, action]));
  if (byName.size !== actions.length) throw new Error("Two actions have one name");
  return byName;
}
