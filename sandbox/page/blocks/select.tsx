import type { ControlProps } from "./control.ts";
import { type Choice, chosenIds, stateOfIds, useChoices } from "./options.ts";

/** A select of one option, person, channel or conversation. */
export function Select({ element, value, onChange, labels }: ControlProps) {
  const groups = useChoices(element);
  return (
    <select
      {...labels}
      className="select"
      value={chosenIds(element, value)[0] ?? ""}
      onChange={(event) => onChange(stateOfIds(element, event.target.value ? [event.target.value] : []))}
    >
      <option value="" disabled={chosenIds(element, value).length > 0}>
        {element.placeholder?.text ?? "Choose an option"}
      </option>
      {groups.map((group) =>
        group.label === null ? (
          <Options key="" choices={group.choices} />
        ) : (
          <optgroup key={group.label} label={group.label}>
            <Options choices={group.choices} />
          </optgroup>
        ),
      )}
    </select>
  );
}

function Options({ choices }: { choices: Choice[] }) {
  return choices.map((choice) => (
    <option key={choice.id} value={choice.id}>
      {choice.label}
    </option>
  ));
}
