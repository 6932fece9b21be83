import { useEffect, useState } from "react";
import type { File } from "../../slack/client-api.ts";
import { LibraryBlock } from "../blocks/library-block.tsx";
import { useMessages } from "../slack/workspace-context.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Icon } from "../ui/icons.tsx";

/** A file in a message: pictures are shown, Markdown and text previewed, everything can be downloaded. */
export function FileCard({ file, channel }: { file: File; channel: string }) {
  if (file.mimetype.startsWith("image/") && isLocal(file.url_private)) {
    return (
      <figure className="file-image">
        <figcaption>{file.title || file.name}</figcaption>
        <img src={file.url_private} alt={file.alt_txt || file.title || file.name} />
      </figure>
    );
  }
  return <TextFile file={file} channel={channel} />;
}

function isLocal(url: string): boolean {
  return new URL(url, window.location.href).origin === window.location.origin;
}

const isMarkdown = (file: File) => /\.(?:md|markdown)$/i.test(file.name) || file.mimetype === "text/markdown";
const isText = (file: File) => isMarkdown(file) || /^text\/|json|yaml/.test(file.mimetype);

function TextFile({ file, channel }: { file: File; channel: string }) {
  const [open, setOpen] = useState(false);
  const [text, setText] = useState<string | null>(null);

  useEffect(() => {
    if (!isText(file) || !isLocal(file.url_private)) return undefined;
    const stop = new AbortController();
    readText(file.url_private, stop.signal).then(setText, (error: unknown) => {
      if (!stop.signal.aborted) setText(`The file could not be read: ${String(error)}`);
    });
    return () => stop.abort();
  }, [file]);

  return (
    <div className="file-card">
      <div className="file-head">
        <span className="file-icon">
          <Icon name="file" />
        </span>
        <span className="file-names">
          <strong>{file.title || file.name}</strong>
          <span>
            {isMarkdown(file) ? "Markdown" : file.mimetype} · {sizeOf(file)}
          </span>
        </span>
        {text !== null && (
          <button type="button" className="button button-plain" onClick={() => setOpen(true)}>
            Open
          </button>
        )}
        <a
          className="icon-button"
          href={file.url_private}
          download={file.name}
          aria-label={`Download ${file.name}`}
          title="Download"
        >
          <Icon name="download" />
        </a>
      </div>
      {text !== null && (
        <div className="file-preview">
          <FileText file={file} text={text} channel={channel} />
        </div>
      )}
      {open && text !== null && (
        <Dialog className="file-dialog" title={file.title || file.name} onClose={() => setOpen(false)}>
          <FileText file={file} text={text} channel={channel} />
        </Dialog>
      )}
    </div>
  );
}

async function readText(url: string, signal: AbortSignal): Promise<string> {
  const response = await fetch(url, { signal });
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
  return await response.text();
}

function FileText({ file, text, channel }: { file: File; text: string; channel: string }) {
  const files = useMessages(channel)?.flatMap((message) => message.files ?? []) ?? [];
  if (!isMarkdown(file)) return <pre className="preformatted">{text}</pre>;
  return (
    <div className="markdown">
      <LibraryBlock block={{ type: "markdown", text: withPictures(text, files) }} />
    </div>
  );
}

/** A document names the pictures beside it by their file names; one that is not in the channel is left as its words. */
function withPictures(markdown: string, files: readonly File[]): string {
  return markdown.replaceAll(/!\[([^\]]*)\]\(([^):/\s]+)\)/g, (_, words: string, name: string) => {
    const picture = files.findLast((one) => one.name === name && isLocal(one.url_private));
    return picture === undefined ? words : `![${words}](${picture.url_private})`;
  });
}

function sizeOf(file: File): string {
  return file.size < 1024 ? `${file.size} bytes` : `${(file.size / 1024).toFixed(1)} KB`;
}
