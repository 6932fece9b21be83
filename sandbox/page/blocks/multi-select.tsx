import type { ControlProps } from "./control.ts";
import { chosenIds, stateOfIds, useChoices } from "./options.ts";

/** A select of several: what is chosen stands as removable chips before a select that adds one more. */
export function MultiSelect({ element, value, onChange, labels }: ControlProps) {
  const choices = useChoices(element).flatMap((group) => group.choices);
  const ids = chosenIds(element, value);
  const full = ids.length >= (element.max_selected_items ?? Number.POSITIVE_INFINITY);
  const rest = choices.filter((choice) => !ids.includes(choice.id));

  return (
    <div className="multi-select">
      {ids.map((id) => {
        const label = choices.find((choice) => choice.id === id)?.label ?? id;
        return (
          <span key={id} className="chip">
            {label}
            <button
              type="button"
              aria-label={`Remove ${label}`}
              onClick={() =>
                onChange(
                  stateOfIds(
                    element,
                    ids.filter((other) => other !== id),
                  ),
                )
              }
            >
              ✕
            </button>
          </span>
        );
      })}
      <select
        {...labels}
        className="select select-inline"
        value=""
        disabled={full || rest.length === 0}
        onChange={(event) => onChange(stateOfIds(element, [...ids, event.target.value]))}
      >
        <option value="" disabled>
          {element.placeholder?.text ?? "Choose options"}
        </option>
        {rest.map((choice) => (
          <option key={choice.id} value={choice.id}>
            {choice.label}
          </option>
        ))}
      </select>
    </div>
  );
}
