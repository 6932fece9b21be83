import { fits, type Rule } from "./rule.ts";

/** Words of libraries about models that cannot be loaded. */
const loading =
  /\b(model|artifact|checkpoint|weights|pickle|joblib|mlflow|onnx|state_dict|calibration table)\b.*\b(not found|no such|missing|has no|cannot|could not|failed|corrupt\w*|incompatible|mismatch)\b|\b(cannot|could not|failed to) (load|read|open|deserialize)\b.*\b(model|artifact|checkpoint|weights|pickle)\b/i;

/** What the app's model explains. */
export const modelRules: readonly Rule[] = [
  {
    id: "model-not-loaded",
    fits: fits(0.95, 0.2, 0.8, 0.2),
    match({ seen }) {
      const told = (seen.logs?.groups ?? []).filter(({ example }) => loading.test(example));
      if (told.length === 0) return null;
      return {
        what: "The app cannot load its model",
        evidence: told.slice(0, 2).map(({ count, example }) => `×${count} ${example}`),
        weight: 0.9,
        resolutions: [{ do: "rollback" }, { do: "check-model" }, { do: "rollback-model" }],
      };
    },
  },
  {
    id: "model-under-target",
    fits: fits(0.3, 0.1, 1, 0.1),
    match({ seen }) {
      const bad = (seen.model?.metrics ?? []).filter(({ ok }) => ok === false);
      if (bad.length === 0) return null;
      return {
        what: `The model misses ${bad.map(({ title }) => title).join(", ")}`,
        evidence: bad.map(({ title, value, target }) => `${title} ${value} (target ${target})`),
        weight: 1,
        resolutions: [{ do: "rollback-model" }, { do: "analyze" }, { do: "retrain" }, { do: "rollback" }],
      };
    },
  },
];
