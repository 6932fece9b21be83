import { dependencyRules } from "./dependency-rules.ts";
import { modelRules } from "./model-rules.ts";
import { releaseRules } from "./release-rules.ts";
import { resourceRules } from "./resource-rules.ts";
import type { Facts, Match, Symptom } from "./rule.ts";

export interface Finding extends Match {
  id: string;
  /** 0 to 1: how well it explains the symptom, by the strength of its evidence. */
  score: number;
}

const rules = [...releaseRules, ...resourceRules, ...dependencyRules, ...modelRules];

/** Less explains too little to be told of. */
const least = 0.2;
const most = 6;

/** What the evidence says, best explanation first. */
export function judge(symptom: Symptom, facts: Facts): Finding[] {
  return rules
    .flatMap((rule) => {
      const found = rule.match(facts);
      return found === null
        ? []
        : [{ ...found, id: rule.id, score: Math.round(rule.fits[symptom] * found.weight * 100) / 100 }];
    })
    .filter(({ score }) => score >= least)
    .toSorted((a, b) => b.score - a.score)
    .slice(0, most);
}
