import type { Command, Invocation } from '@doublehop/powershell/commands/command';
import type { ErrorRecord } from '@doublehop/powershell/commands/error-record';
import { asList } from '@doublehop/powershell/objects/convert';
import { toText } from '@doublehop/powershell/objects/text';
import { isWildcard, wildcard } from '@doublehop/powershell/objects/wildcard';
import { MAX_LIST_DEPTH } from '../limits.ts';
import type { HostSession } from '../sessions/host-session.ts';
import { isDenied, isTold, recordOf } from './failures.ts';
import { filesOf, type FoundFile, isAbsent } from './files.ts';
import { fileObject } from './host-objects.ts';
import { formatPath, type HostPath, hostPath } from './paths.ts';

type Run = Invocation<HostSession>;

const MODULE = 'Microsoft.PowerShell.Management';

/** Commands that look at files, here and by `\\server\share`. */
export const FILE_COMMANDS: readonly Command<HostSession>[] = [
  {
    name: 'Test-Path',
    synopsis: 'Determines whether all elements of a path exist.',
    module: MODULE,
    outputTypes: ['System.Boolean'],
    parameters: [
      pathParameter(true),
      literalPathParameter(),
      {
        name: 'PathType',
        type: 'string',
        aliases: ['Type'],
        validateSet: ['Any', 'Container', 'Leaf'],
      },
    ],
    run: async (invocation) => {
      for (const path of pathsOf(invocation)) {
        await invocation.streams.output(await testPath(invocation, path));
      }
    },
  },
  {
    name: 'Get-ChildItem',
    synopsis: 'Gets the files and folders in a folder.',
    module: MODULE,
    outputTypes: ['System.IO.FileInfo', 'System.IO.DirectoryInfo'],
    parameters: [
      pathParameter(false),
      literalPathParameter(),
      { name: 'Filter', type: 'string', position: 1 },
      { name: 'Recurse', type: 'switch', aliases: ['s'] },
      { name: 'Name', type: 'switch' },
      { name: 'Force', type: 'switch' },
      { name: 'Directory', type: 'switch', aliases: ['ad', 'd'] },
      { name: 'File', type: 'switch', aliases: ['af'] },
    ],
    run: async (invocation) => {
      const given = pathsOf(invocation);
      for (const path of given.length === 0 ? ['.'] : given) await listPath(invocation, path);
    },
  },
  {
    name: 'Get-Content',
    synopsis: 'Gets the content of a file.',
    module: MODULE,
    outputTypes: ['System.String'],
    parameters: [
      pathParameter(true),
      literalPathParameter(),
      { name: 'TotalCount', type: 'int', aliases: ['First', 'Head'] },
      { name: 'Tail', type: 'int', aliases: ['Last'] },
      { name: 'Raw', type: 'switch' },
      { name: 'Encoding', type: 'string' },
    ],
    run: async (invocation) => {
      for (const path of pathsOf(invocation)) await readContent(invocation, path);
    },
  },
];

function pathParameter(mandatory: boolean): Command<HostSession>['parameters'][number] {
  return {
    name: 'Path',
    type: 'string',
    many: true,
    position: 0,
    fromPipeline: true,
    fromProperty: true,
    sets: ['Path'],
    ...(mandatory ? { mandatory } : {}),
  };
}

function literalPathParameter(): Command<HostSession>['parameters'][number] {
  return {
    name: 'LiteralPath',
    type: 'string',
    many: true,
    mandatory: true,
    aliases: ['PSPath', 'LP'],
    fromProperty: true,
    sets: ['LiteralPath'],
  };
}

function pathsOf({ bound }: Run): readonly string[] {
  return asList(bound['LiteralPath'] ?? bound['Path'] ?? null).map(toText);
}

/** False for what is not there, and, after an error, for what may not be looked at. */
async function testPath(invocation: Run, text: string): Promise<boolean> {
  const { session, bound, streams } = invocation;
  const path = hostPath(session, text);
  if (path.kind === 'no-drive' || path.kind === 'impossible') return false;
  try {
    const type = toText(bound['PathType'] ?? 'Any').toLowerCase();
    const { directory } = await filesOf(session).stat(path);
    return type === 'any' || directory === (type === 'container');
  } catch (error) {
    if (isAbsent(error)) return false;
    await streams.error(
      fileError(error, {
        text,
        command: 'Test-Path',
        errorId: 'ItemExistsUnauthorizedAccessError',
      }),
    );
    return false;
  }
}

async function listPath(invocation: Run, text: string): Promise<void> {
  const { session, streams } = invocation;
  const { folder, pattern } = splitPattern(text);
  const path = hostPath(session, folder);
  const about = { text, command: 'Get-ChildItem', errorId: 'DirUnauthorizedAccessError' };
  try {
    if (path.kind === 'no-drive' || path.kind === 'impossible') throw absent(path);
    const files = filesOf(session);
    const self = await files.stat(path);
    if (!self.directory) return await put(invocation, parentOf(path), self, pattern);
    await listFolder(invocation, path, pattern, 0);
  } catch (error) {
    if (error instanceof PathMissing || isAbsent(error)) {
      return await streams.error(pathNotFound(path, folder, 'Get-ChildItem'));
    }
    await streams.error(fileError(error, about));
  }
}

async function listFolder(
  invocation: Run,
  path: HostPath,
  pattern: string | undefined,
  depth: number,
): Promise<void> {
  const { session, bound, signal, streams } = invocation;
  signal.throwIfAborted();
  const entries = await filesOf(session).list(path);
  const ordered = entries.toSorted(
    (a, b) => Number(b.directory) - Number(a.directory) || (a.name < b.name ? -1 : 1),
  );
  for (const entry of ordered) await put(invocation, path, entry, pattern);
  if (bound['Recurse'] !== true || depth >= MAX_LIST_DEPTH) return;
  for (const { name } of ordered.filter(({ directory }) => directory)) {
    const inner = below(path, name);
    try {
      await listFolder(invocation, inner, pattern, depth + 1);
    } catch (error) {
      const about = { command: 'Get-ChildItem', errorId: 'DirUnauthorizedAccessError' };
      await streams.error(fileError(error, { ...about, text: formatPath(inner) }));
    }
  }
}

async function put(
  { bound, streams }: Run,
  folder: HostPath,
  entry: FoundFile,
  pattern: string | undefined,
): Promise<void> {
  const patterns = [pattern, bound['Filter'] === undefined ? undefined : toText(bound['Filter'])];
  if (patterns.some((one) => one !== undefined && !wildcard(one)(entry.name))) return;
  if (bound['Directory'] === true && !entry.directory) return;
  if (bound['File'] === true && entry.directory) return;
  const isName = bound['Name'] === true;
  await streams.output(
    isName ? entry.name : fileObject(formatPath(below(folder, entry.name)), entry),
  );
}

async function readContent(invocation: Run, text: string): Promise<void> {
  const { session, bound, streams } = invocation;
  const path = hostPath(session, text);
  const command = 'Get-Content';
  try {
    if (path.kind === 'no-drive' || path.kind === 'impossible') throw absent(path);
    const octets = await filesOf(session).read(path);
    const content = Buffer.from(octets)
      .toString('utf8')
      .replace(/^\uFEFF/u, '');
    if (bound['Raw'] === true) return await streams.output(content);
    const lines = content === '' ? [] : content.replace(/\r?\n$/u, '').split(/\r?\n/u);
    for (const line of chosenLines(lines, bound['TotalCount'], bound['Tail'])) {
      await streams.output(line);
    }
  } catch (error) {
    const about = { text, command, errorId: 'GetContentReaderUnauthorizedAccessError' };
    const missing = error instanceof PathMissing || isAbsent(error);
    await streams.error(missing ? pathNotFound(path, text, command) : fileError(error, about));
  }
}

function chosenLines(
  lines: readonly string[],
  first: Run['bound'][string] | undefined,
  last: Run['bound'][string] | undefined,
): readonly string[] {
  if (typeof first === 'number' && first >= 0) return lines.slice(0, first);
  if (typeof last === 'number' && last >= 0) return last === 0 ? [] : lines.slice(-last);
  return lines;
}

/** A path that cannot be there. */
class PathMissing extends Error {}

function absent(path: HostPath): PathMissing {
  return new PathMissing(path.kind);
}

/** `C:\Windows\*.ini` is the folder and a pattern for what is in it. */
function splitPattern(text: string): { folder: string; pattern: string | undefined } {
  const at = Math.max(text.lastIndexOf('\\'), text.lastIndexOf('/'));
  const last = text.slice(at + 1);
  if (!isWildcard(last)) return { folder: text, pattern: undefined };
  return { folder: at < 0 ? '.' : text.slice(0, at + 1), pattern: last };
}

function below(path: HostPath, name: string): HostPath {
  if (path.kind !== 'local' && path.kind !== 'unc') return path;
  return { ...path, names: [...path.names, name] };
}

function parentOf(path: HostPath): HostPath {
  if (path.kind !== 'local' && path.kind !== 'unc') return path;
  return { ...path, names: path.names.slice(0, -1) };
}

function pathNotFound(path: HostPath, text: string, command: string): ErrorRecord {
  const activity = command;
  const { errorId, message, exceptionType } =
    path.kind === 'no-drive'
      ? {
          errorId: 'DriveNotFound',
          message: `Cannot find drive. A drive with the name '${path.drive}' does not exist.`,
          exceptionType: 'System.Management.Automation.DriveNotFoundException',
        }
      : {
          errorId: 'PathNotFound',
          message: `Cannot find path '${formatPath(path) || text}' because it does not exist.`,
          exceptionType: 'System.Management.Automation.ItemNotFoundException',
        };
  const id = `${errorId},Microsoft.PowerShell.Commands.${className(command)}`;
  return recordOf({
    message,
    errorId: id,
    category: 'ObjectNotFound',
    exceptionType,
    activity,
    target: text,
  });
}

interface About {
  readonly text: string;
  readonly command: string;
  readonly errorId: string;
}

function fileError(error: unknown, { text, command, errorId }: About): ErrorRecord {
  if (!isTold(error)) throw error;
  const denied = isDenied(error);
  const id = denied ? errorId : 'ItemExistsIOError';
  return recordOf(
    {
      message: denied ? 'Access is denied' : 'The specified network resource is not available.',
      errorId: `${id},Microsoft.PowerShell.Commands.${className(command)}`,
      category: denied ? 'PermissionDenied' : 'ReadError',
      exceptionType: denied ? 'System.UnauthorizedAccessException' : 'System.IO.IOException',
      activity: command,
      target: text,
    },
    error,
  );
}

/** `TestPathCommand`. */
function className(command: string): string {
  return `${command.replace('-', '')}Command`;
}
