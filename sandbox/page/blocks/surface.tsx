import { createContext, type ReactNode, use, useMemo, useState } from "react";
import type { Block, Container, ElementState, StateValues } from "../../slack/client-api.ts";
import { useWorkspace } from "../slack/workspace-context.tsx";
import { complaintOf } from "../slack/workspace.ts";
import { ConfirmDialog } from "./confirm-dialog.tsx";
import { type Element, elementsOf, initialState } from "./kit.ts";

/** Where interactive elements live (a message, a modal, the Home tab): their values, and what a press does. */
interface Surface {
  valueOf: (blockId: string, element: Element) => ElementState | undefined;
  setValue: (blockId: string, element: Element, value: ElementState) => void;
  /** Presses a button or reports a choice, after the element's confirm dialog if it has one. */
  run: (blockId: string, element: Element, chosen?: ElementState) => void;
  /** The press that the app has not answered yet. */
  isPending: (blockId: string, element: Element) => boolean;
  complaint: { blockId: string; text: string } | null;
}

interface Press {
  blockId: string;
  element: Element;
  chosen: ElementState | undefined;
}

const SurfaceContext = createContext<Surface | null>(null);

export interface Values {
  values: StateValues;
  setValues: (update: (values: StateValues) => StateValues) => void;
}

interface SurfaceProviderProps extends Values {
  container: Container;
  blocks: Block[];
  children: ReactNode;
}

export function SurfaceProvider({ container, blocks, values, setValues, children }: SurfaceProviderProps) {
  const { call } = useWorkspace();
  const [asking, setAsking] = useState<Press | null>(null);
  const [pending, setPending] = useState<string | null>(null);
  const [complaint, setComplaint] = useState<Surface["complaint"]>(null);

  async function press({ blockId, element, chosen }: Press): Promise<void> {
    setPending(keyOf(blockId, element));
    setComplaint(null);
    const now = chosen ? withValue(values, blockId, element, chosen) : values;
    try {
      const delivery = await call("action.run", {
        container,
        block_id: blockId,
        action_id: element.action_id,
        ...(chosen && { chosen }),
        state: allValues(blocks, now),
      });
      if (delivery.message) setComplaint({ blockId, text: delivery.message });
    } catch (error) {
      setComplaint({ blockId, text: complaintOf(error) });
    } finally {
      setPending(null);
    }
  }

  const surface: Surface = {
    valueOf: (blockId, element) => values[blockId]?.[element.action_id] ?? initialState(element),
    setValue: (blockId, element, value) => setValues((before) => withValue(before, blockId, element, value)),
    run(blockId, element, chosen) {
      if (element.confirm) setAsking({ blockId, element, chosen });
      else void press({ blockId, element, chosen });
    },
    isPending: (blockId, element) => pending === keyOf(blockId, element),
    complaint,
  };

  return (
    <SurfaceContext value={surface}>
      {children}
      {asking?.element.confirm && (
        <ConfirmDialog
          confirm={asking.element.confirm}
          onDeny={() => setAsking(null)}
          onConfirm={() => {
            setAsking(null);
            void press(asking);
          }}
        />
      )}
    </SurfaceContext>
  );
}

export function useSurface(): Surface {
  const surface = use(SurfaceContext);
  if (!surface) throw new Error("useSurface is used outside SurfaceProvider");
  return surface;
}

/** Values of a message or the Home tab, which nobody else needs. */
export function LocalSurface({ container, blocks, children }: Omit<SurfaceProviderProps, keyof Values>) {
  const [values, setValues] = useState<StateValues>({});
  const bound = useMemo(() => ({ values, setValues }), [values]);
  return (
    <SurfaceProvider container={container} blocks={blocks} {...bound}>
      {children}
    </SurfaceProvider>
  );
}

function keyOf(blockId: string, element: Element): string {
  return `${blockId}/${element.action_id}`;
}

function withValue(values: StateValues, blockId: string, element: Element, value: ElementState): StateValues {
  return { ...values, [blockId]: { ...values[blockId], [element.action_id]: value } };
}

/** Slack's `state.values`: every element that keeps a value, touched or not. */
export function allValues(blocks: Block[], values: StateValues): StateValues {
  const all: StateValues = {};
  for (const block of blocks) {
    const blockId = block.block_id ?? "";
    for (const element of elementsOf(block)) {
      const value = values[blockId]?.[element.action_id] ?? initialState(element);
      if (value) all[blockId] = { ...all[blockId], [element.action_id]: value };
    }
  }
  return all;
}
