import type { Suggestion } from "./draft.ts";

interface SuggestionsProps {
  id: string;
  all: Suggestion[];
  active: number;
  onChoose: (suggestion: Suggestion) => void;
}

/** What the composer offers while one types; the focus stays in the composer. */
export function Suggestions({ id, all, active, onChoose }: SuggestionsProps) {
  return (
    <ul className="suggestions" id={id} role="listbox" aria-label="Suggestions">
      {all.map((suggestion, index) => (
        <li
          key={suggestion.id}
          id={`${id}-${suggestion.id}`}
          role="option"
          aria-selected={index === active}
          className={`suggestion ${index === active ? "suggestion-active" : ""}`}
          onMouseDown={(event) => {
            event.preventDefault();
            onChoose(suggestion);
          }}
        >
          <strong>{suggestion.title}</strong>
          <span>{suggestion.detail}</span>
        </li>
      ))}
    </ul>
  );
}
