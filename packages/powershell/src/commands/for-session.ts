import type { Command, Invocation } from './command.ts';

/** Commands that work with `T`, for a host that gives its commands an `S`. */
export function forSession<S, T>(
  commands: readonly Command<T>[],
  of: (session: S) => T,
): readonly Command<S>[] {
  const inner = (invocation: Invocation<S>): Invocation<T> => ({
    ...invocation,
    session: of(invocation.session),
  });
  return commands.map((command) =>
    'run' in command
      ? { ...command, run: (invocation) => command.run(inner(invocation)) }
      : { ...command, begin: (invocation) => command.begin(inner(invocation)) },
  );
}
