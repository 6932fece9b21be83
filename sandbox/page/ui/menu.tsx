import { type ReactNode, useEffect, useRef, useState } from "react";

interface MenuProps {
  /** What a screen reader calls the button that opens it. */
  label: string;
  trigger: ReactNode;
  className?: string;
  /** Which edge of the button the menu is aligned with. */
  align?: "start" | "end";
  disabled?: boolean;
  /** `menu` for a list of `MenuItem`s; `dialog` for anything else. */
  role?: "menu" | "dialog";
  children: ReactNode;
}

/** A button with a popover under it: closes on Esc, on a press elsewhere, and after a choice. */
export function Menu({
  label,
  trigger,
  className,
  align = "start",
  disabled,
  role = "menu",
  children,
}: MenuProps) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);

  useEffect(() => {
    if (!open) return undefined;
    root.current?.querySelector<HTMLElement>("[role=menuitem],[role=menuitemradio]")?.focus();
    function onPress(event: PointerEvent) {
      if (!root.current?.contains(event.target as Node)) setOpen(false);
    }
    document.addEventListener("pointerdown", onPress);
    return () => document.removeEventListener("pointerdown", onPress);
  }, [open]);

  function close() {
    setOpen(false);
    root.current?.querySelector<HTMLElement>("button")?.focus();
  }

  function onKeyDown(event: React.KeyboardEvent) {
    if (!open) return;
    if (event.key === "Escape") {
      event.stopPropagation();
      event.preventDefault();
      close();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      moveFocus(root.current, event.key === "ArrowDown" ? 1 : -1);
    }
  }

  return (
    <div className="menu-root" ref={root} onKeyDown={onKeyDown}>
      <button
        type="button"
        className={className ?? "icon-button"}
        aria-label={label}
        title={label}
        aria-haspopup={role}
        aria-expanded={open}
        disabled={disabled}
        onClick={() => setOpen(!open)}
      >
        {trigger}
      </button>
      {open && (
        <div
          className={`menu menu-${align}`}
          role={role}
          aria-label={label}
          onClick={(event) => {
            if ((event.target as HTMLElement).closest("[role=menuitem],[role=menuitemradio]")) close();
          }}
        >
          {children}
        </div>
      )}
    </div>
  );
}

export function MenuItem({
  onChoose,
  children,
  danger,
}: {
  onChoose: () => void;
  children: ReactNode;
  danger?: boolean;
}) {
  return (
    <button
      type="button"
      role="menuitem"
      className={`menu-item ${danger ? "menu-danger" : ""}`}
      onClick={onChoose}
    >
      {children}
    </button>
  );
}

function moveFocus(root: HTMLElement | null, step: 1 | -1): void {
  const items = [...(root?.querySelectorAll<HTMLElement>("[role=menuitem],[role=menuitemradio]") ?? [])];
  const at = items.indexOf(document.activeElement as HTMLElement);
  items.at((at + step) % items.length)?.focus();
}
