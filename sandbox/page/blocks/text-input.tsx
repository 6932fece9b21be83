import type { ElementState } from "../../slack/client-api.ts";
import type { ControlProps } from "./control.ts";
import type { Element } from "./kit.ts";

const inputTypes: Record<string, string> = {
  email_text_input: "email",
  url_text_input: "url",
  number_input: "number",
  datepicker: "date",
  timepicker: "time",
  datetimepicker: "datetime-local",
};

/** Everything a person types: text, numbers, addresses, dates. */
export function TextInput({ element, value, onChange, onEnter, labels }: ControlProps) {
  const common = {
    ...labels,
    value: shownValue(element, value),
    placeholder: element.placeholder?.text,
    minLength: element.min_length,
    maxLength: element.max_length,
    autoFocus: element.focus_on_load,
    onChange: (event: { target: { value: string } }) => onChange(stateOf(element, event.target.value)),
  };
  if (element.multiline) return <textarea {...common} className="text-input" rows={4} />;
  return (
    <input
      {...common}
      className="text-input"
      type={inputTypes[element.type] ?? "text"}
      min={element.min_value}
      max={element.max_value}
      step={element.type === "number_input" && element.is_decimal_allowed ? "any" : undefined}
      onKeyDown={(event) => event.key === "Enter" && onEnter?.()}
    />
  );
}

function shownValue(element: Element, state: ElementState): string {
  switch (element.type) {
    case "datepicker":
      return state.selected_date ?? "";
    case "timepicker":
      return state.selected_time ?? "";
    case "datetimepicker":
      return state.selected_date_time ? localDateTime(state.selected_date_time) : "";
    default:
      return state.value ?? "";
  }
}

function stateOf(element: Element, text: string): ElementState {
  const { type } = element;
  const value = text === "" ? null : text;
  switch (type) {
    case "datepicker":
      return { type, selected_date: value };
    case "timepicker":
      return { type, selected_time: value };
    case "datetimepicker":
      return {
        type,
        selected_date_time: value && Math.floor(new Date(value).getTime() / 1000),
      } as ElementState;
    default:
      return { type, value };
  }
}

/** Seconds since 1970 as the browser's date-time field wants them, in the reader's time zone. */
function localDateTime(seconds: number): string {
  const at = new Date(seconds * 1000);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
