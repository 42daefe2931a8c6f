// Draws what happened in a schedule as a Mermaid sequence diagram.
//
// Invariants:
//   Q1. Whatever names and events contain, the text is valid Mermaid and stays on its line.
//   Q2. The diagram stays readable: of a long trace only both ends are drawn, with a marker where steps are left out.

/** One thing that happened. */
export interface TraceStep {
  /** Who caused it. */
  readonly from: string;
  /** Who it happened to; the same as `from` for what an actor does by itself. */
  readonly to: string;
  /** Type of the message, or what else happened. */
  readonly event: string;
  /** A remark beside the arrow, such as the state that was reached. */
  readonly note?: string | undefined;
}

/** How much is drawn. */
export interface SequenceDiagramOptions {
  /** Steps drawn from the beginning of a long trace. Default 20. */
  readonly first?: number | undefined;
  /** Steps drawn from the end of a long trace. Default 60. */
  readonly last?: number | undefined;
}

const DEFAULT_FIRST = 20;
const DEFAULT_LAST = 60;
const MAX_TEXT = 120;

/** The diagram, with a newline at its end. Participants stand in the order in which they appear. */
export function drawSequence(trace: readonly TraceStep[], options: SequenceDiagramOptions = {}): string {
  const { first = DEFAULT_FIRST, last = DEFAULT_LAST } = options;
  const left = Math.max(0, trace.length - first - last);
  const head = left === 0 ? trace : trace.slice(0, first);
  const tail = left === 0 ? [] : trace.slice(first + left);
  const names = [...new Set([...head, ...tail].flatMap(({ from, to }) => [from, to]))];
  const ids = new Map(names.map((name, index) => [name, `p${index}`]));
  const lines = [
    'sequenceDiagram',
    ...names.map((name, index) => `  participant p${index} as ${escaped(name)}`),
    ...head.flatMap((step) => drawStep(step, ids)),
    ...(left === 0 ? [] : [drawGap(left, names.length)]),
    ...tail.flatMap((step) => drawStep(step, ids)),
  ];
  return `${lines.join('\n')}\n`;
}

function drawStep({ from, to, event, note }: TraceStep, ids: ReadonlyMap<string, string>): string[] {
  const arrow = `  ${ids.get(from)}->>${ids.get(to)}: ${escaped(event)}`;
  return note === undefined ? [arrow] : [arrow, `  Note over ${ids.get(to)}: ${escaped(note)}`];
}

function drawGap(count: number, participants: number): string {
  const over = participants > 1 ? `p0,p${participants - 1}` : 'p0';
  return `  Note over ${over}: … ${count} steps left out …`;
}

/** Mermaid gives a meaning to these characters, and to some words; as entities they are just text (Q1). */
function escaped(text: string): string {
  const short = text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
  const line = short.replaceAll(/\s+/gu, ' ').trim();
  const safe = line.replaceAll(/[^\p{L}\p{N} _./()[\]='"?!@*|…→-]/gu, (sign) => `#${sign.codePointAt(0) ?? 0};`);
  if (safe === '') return '#32;';
  return safe.replaceAll(/\bend\b/giu, (word) => `#${word.codePointAt(0) ?? 0};${word.slice(1)}`);
}
