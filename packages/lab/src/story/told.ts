/** One step of the story, told: what was asked, what came back and why. */
export interface Told {
  readonly title: string;
  readonly asked: string;
  readonly came: string;
  readonly why: string;
  /** What is shown beside, line by line: an access rule, a list. */
  readonly shown: readonly string[];
  /** Whether it behaved as it must. */
  readonly ok: boolean;
}

/** Takes the steps as they happen. */
export type Teller = (step: Told) => void;

/** A step as lines of text; `number` counts from 1. */
export function toldLines(step: Told, number: number): readonly string[] {
  const { title, asked, came, why, shown, ok } = step;
  return [
    `${String(number).padStart(2)}. ${title}${ok ? '' : '   <-- NOT AS TOLD'}`,
    `    asked   ${asked}`,
    `    came    ${came}`,
    `    why     ${why}`,
    ...shown.map((line) => `            ${line}`),
  ];
}

/** A step as one JSON line, for programs. */
export function toldJson(step: Told, number: number): string {
  return JSON.stringify({ step: number, ...step });
}
