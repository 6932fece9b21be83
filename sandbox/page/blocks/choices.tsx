import { useId } from "react";
import type { ControlProps } from "./control.ts";
import { chosenIds, optionsOf, stateOfIds } from "./options.ts";
import { Text } from "./text.tsx";

/** Checkboxes or radio buttons. */
export function Choices({ element, value, onChange, labels }: ControlProps) {
  const name = useId();
  const many = element.type === "checkboxes";
  const ids = chosenIds(element, value);

  function choose(id: string, checked: boolean): void {
    const others = many ? ids.filter((other) => other !== id) : [];
    onChange(stateOfIds(element, checked ? [...others, id] : others));
  }

  return (
    <div {...labels} className="choices" role={many ? "group" : "radiogroup"}>
      {optionsOf(element).map((option) => (
        <label key={option.value} className="choice">
          <input
            type={many ? "checkbox" : "radio"}
            name={name}
            checked={ids.includes(option.value)}
            onChange={(event) => choose(option.value, event.target.checked)}
          />
          <span>
            <Text text={option.text} />
            {option.description && (
              <span className="choice-description">
                <Text text={option.description} />
              </span>
            )}
          </span>
        </label>
      ))}
    </div>
  );
}
