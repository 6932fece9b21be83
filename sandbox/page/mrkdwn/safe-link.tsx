import type { ReactNode } from "react";
import { goTo, placeOfLink } from "../place.ts";

/** A link to http(s) or into this page; anything else (javascript:, data:) is shown as its text. */
export function SafeLink({ href, children }: { href: string; children: ReactNode }) {
  const allowed = /^https?:\/\//i.test(href) || /^\/(?!\/)/.test(href);
  if (!allowed || !URL.canParse(href, window.location.href)) return <span title={href}>{children}</span>;
  const place = placeOfLink(href);
  if (!place) {
    return (
      <a href={href} target="_blank" rel="noreferrer noopener" className="link">
        {children}
      </a>
    );
  }
  return (
    <a
      href={href}
      className="link"
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey) return;
        event.preventDefault();
        goTo({ view: place.view, thread: place.thread, message: place.message });
      }}
    >
      {children}
    </a>
  );
}
