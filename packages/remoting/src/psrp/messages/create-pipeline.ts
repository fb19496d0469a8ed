import type {
  CommandArgument,
  CommandCall,
  PipelineCall,
} from '@doublehop/powershell/commands/command';
import type { PsValue } from '@doublehop/powershell/objects/value';
import { itemNodes, propertyNode, type ReadOptions, readValue } from '../../clixml/read.ts';
import { LIST_TYPES } from '../../clixml/names.ts';
import type { ClixmlNode } from '../../clixml/tree.ts';
import { ClixmlWriter, type WriteOptions } from '../../clixml/write.ts';
import { MAX_PIPELINE_COMMANDS } from '../../limits.ts';
import {
  APARTMENT_STATE,
  RESULT_TYPES,
  ResultType,
  resultTypesText,
  STREAM_OPTIONS,
} from './enums.ts';
import { plain, wrong } from './fields.ts';
import { type HostInfo, hostInfoFrom, hostInfoObject, NO_HOST } from './host-info.ts';

/** MS-PSRP 2.2.2.10. */
export interface CreatePipeline {
  /** Commands joined by `|`, one list for each statement. */
  readonly statements: readonly (readonly RequestedCommand[])[];
  readonly noInput: boolean;
  readonly addToHistory: boolean;
  readonly isNested: boolean;
  readonly hostInfo: HostInfo;
  /** The line as a person typed it. */
  readonly history?: string;
}

/** A command as it arrives. Its arguments are not decoded before somebody asks for them. */
export interface RequestedCommand {
  readonly name: string;
  readonly isScript: boolean;
  /** Undefined: as the server likes. */
  readonly useLocalScope?: boolean;
  /** `2>&1`: errors go down the pipeline as objects. */
  readonly mergeError: boolean;
  /** Output and errors of the commands before it come to this one too. */
  readonly mergePrevious: boolean;
  /** Decodes the arguments. Throws RemotingError `clixml`, `crypto` or `psrp`. */
  args(): readonly CommandArgument[];
}

/** What a client asks a pipeline to be. */
export interface PipelineSpec {
  readonly statements: readonly PipelineCall[];
  /** Nothing will be sent to it. Default: true. */
  readonly noInput?: boolean;
  readonly addToHistory?: boolean;
  readonly hostInfo?: HostInfo;
  readonly history?: string;
}

/** A request for these calls. */
export function pipelineRequest(spec: PipelineSpec): CreatePipeline {
  const { statements, noInput = true, addToHistory = false, hostInfo = NO_HOST, history } = spec;
  return {
    statements: statements.map((calls) => calls.map(requestedCommand)),
    noInput,
    addToHistory,
    isNested: false,
    hostInfo,
    ...(history === undefined ? {} : { history }),
  };
}

function requestedCommand({
  name,
  isScript,
  args,
  mergeError = false,
}: CommandCall): RequestedCommand {
  return { name, isScript, mergeError, mergePrevious: false, args: () => args };
}

/** The calls of a request, with all arguments decoded. Throws as `args` does. */
export function callsOf(commands: readonly RequestedCommand[]): PipelineCall {
  return commands.map((command) => ({
    name: command.name,
    isScript: command.isScript,
    args: command.args(),
    mergeError: command.mergeError,
  }));
}

/**
 * The CLIXML of a request, written part by part: as objects first it would be most of what a small
 * command costs its client. Throws as `writeClixml` does.
 */
export function createPipelineText(request: CreatePipeline, options: WriteOptions): string {
  const { statements, noInput, addToHistory, isNested, hostInfo, history } = request;
  const writer = new ClixmlWriter(options);
  writer.begin('');
  writer.text += `<MS><B N="NoInput">${noInput}</B>`;
  writer.enumeration(' N="ApartmentState"', APARTMENT_STATE, 'Unknown', 2);
  writer.enumeration(' N="RemoteStreamOptions"', STREAM_OPTIONS, '0', 0);
  writer.text += `<B N="AddToHistory">${addToHistory}</B>`;
  writer.value(hostInfoObject(hostInfo), ' N="HostInfo"', Number.POSITIVE_INFINITY);
  writer.begin(' N="PowerShell"');
  writer.text += '<MS>';
  const [statement = [], ...more] = statements;
  const first = writeCommands(writer, statement);
  // Not in MS-PSRP: PowerShell 3 and later have all statements here, the first too.
  if (more.length > 0) writeStatements(writer, first, more);
  writer.text += `<B N="IsNested">${isNested}</B>`;
  writer.value(history ?? null, ' N="History"', 0);
  writer.text += `<B N="RedirectShellErrorOutputPipe">false</B></MS>`;
  writer.end();
  writer.text += `<B N="IsNested">${isNested}</B></MS>`;
  writer.end();
  return writer.text;
}

function writeStatements(
  writer: ClixmlWriter,
  first: number,
  more: readonly (readonly RequestedCommand[])[],
): void {
  writer.begin(' N="ExtraCmds"', LIST_TYPES);
  writer.text += '<LST>';
  writer.begin('');
  writer.text += `<MS><Ref N="Cmds" RefId="${first}"/></MS>`;
  writer.end();
  for (const commands of more) {
    writer.begin('');
    writer.text += '<MS>';
    writeCommands(writer, commands);
    writer.text += '</MS>';
    writer.end();
  }
  writer.text += '</LST>';
  writer.end();
}

/** Gives the number by which the list can be referred to. */
function writeCommands(writer: ClixmlWriter, commands: readonly RequestedCommand[]): number {
  const id = writer.begin(' N="Cmds"', LIST_TYPES);
  writer.text += '<LST>';
  for (const command of commands) writeCommand(writer, command);
  writer.text += '</LST>';
  writer.end();
  return id;
}

/** MS-PSRP 2.2.3.12. */
function writeCommand(writer: ClixmlWriter, command: RequestedCommand): void {
  const { name, isScript, useLocalScope, mergeError, mergePrevious } = command;
  const { None, Output, Error: ErrorOutput } = ResultType;
  const merge = (what: string, value: number): void =>
    writer.enumeration(` N="${what}"`, RESULT_TYPES, resultTypesText(value), value);
  writer.begin('');
  writer.text += '<MS>';
  writer.value(name, ' N="Cmd"', 0);
  writer.text += `<B N="IsScript">${isScript}</B>`;
  writer.value(useLocalScope ?? null, ' N="UseLocalScope"', 0);
  merge('MergeMyResult', mergeError ? ErrorOutput : None);
  merge('MergeToResult', mergeError ? Output : None);
  merge('MergePreviousResults', mergePrevious ? Output | ErrorOutput : None);
  for (const stream of MERGED_STREAMS) merge(stream, None);
  writer.begin(' N="Args"', LIST_TYPES);
  writer.text += '<LST>';
  for (const argument of command.args()) writeArgument(writer, argument);
  writer.text += '</LST>';
  writer.end();
  writer.text += '</MS>';
  writer.end();
}

const MERGED_STREAMS = [
  'MergeError',
  'MergeWarning',
  'MergeVerbose',
  'MergeDebug',
  'MergeInformation',
] as const;

/**
 * MS-PSRP 2.2.3.13. A name without a value, of a script's `-Newest 3`, has its dash and the value
 * null: PowerShell takes it for a switch, or binds the argument that follows.
 */
function writeArgument(writer: ClixmlWriter, { name, value }: CommandArgument): void {
  const isJustName = value === undefined && name !== undefined;
  writer.begin('');
  writer.text += '<MS>';
  writer.value(isJustName ? `-${name}` : (name ?? null), ' N="N"', 0);
  writer.value(value ?? null, ' N="V"', Number.POSITIVE_INFINITY);
  writer.text += '</MS>';
  writer.end();
}

/** Throws RemotingError `psrp`, `clixml` or `limit`. */
export function createPipelineFrom(node: ClixmlNode, options: ReadOptions): CreatePipeline {
  const shell = child(node, 'PowerShell');
  const extra = propertyNode(shell, 'ExtraCmds');
  const several = extra === undefined ? undefined : itemNodes(extra);
  const lists =
    several === undefined || several.length === 0
      ? [child(shell, 'Cmds')]
      : several.map((one) => child(one, 'Cmds'));
  const commands = lists.map((list) => {
    const items = itemNodes(list);
    if (items === undefined || items.length === 0) throw wrong('a pipeline without commands');
    return items;
  });
  if (commands.flat().length > MAX_PIPELINE_COMMANDS)
    throw wrong('a pipeline of too many commands');
  const statements = commands.map((items) => items.map((item) => commandFrom(item, options)));
  const history = read(shell, 'History');
  return {
    statements,
    noInput: flag(node, 'NoInput'),
    addToHistory: flag(node, 'AddToHistory'),
    isNested: flag(node, 'IsNested'),
    hostInfo: hostInfoFrom(readValue(child(node, 'HostInfo'))),
    ...(typeof history === 'string' ? { history } : {}),
  };
}

function commandFrom(node: ClixmlNode, options: ReadOptions): RequestedCommand {
  const name = read(node, 'Cmd');
  if (typeof name !== 'string') throw wrong('a command without a name');
  const useLocalScope = read(node, 'UseLocalScope');
  const my = bits(node, 'MergeMyResult');
  const to = bits(node, 'MergeToResult');
  const { Output, Error: ErrorOutput } = ResultType;
  const isMerged = (my & ErrorOutput) !== 0 && (to & Output) !== 0;
  let decoded: readonly CommandArgument[] | undefined;
  return {
    name,
    isScript: flag(node, 'IsScript'),
    ...(typeof useLocalScope === 'boolean' ? { useLocalScope } : {}),
    mergeError: isMerged || (bits(node, 'MergeError') & Output) !== 0,
    mergePrevious: bits(node, 'MergePreviousResults') !== 0,
    args: () => (decoded ??= argumentsFrom(node, options)),
  };
}

function argumentsFrom(node: ClixmlNode, options: ReadOptions): readonly CommandArgument[] {
  const items = itemNodes(child(node, 'Args'));
  if (items === undefined) throw wrong('arguments that are no list');
  return items.map((item) => {
    const name = read(item, 'N');
    const found = propertyNode(item, 'V');
    const value = found === undefined ? null : readValue(found, options);
    if (typeof name !== 'string') return { value };
    // The values of `$using:` expressions: a name of its own, whatever its dashes.
    if (name === '--%') return { name, value };
    // `-Name:` and `-Name: ` have their value with them (CommandParameter of PowerShell's source).
    // No pattern: one that looks for white space at the end is quadratic in a hostile name.
    const trimmed = name.trimEnd();
    const hasDash = trimmed.startsWith('-');
    const hasColon = trimmed.endsWith(':');
    const plainName = trimmed.slice(hasDash ? 1 : 0, hasColon ? -1 : undefined);
    const isJustName = hasDash && !hasColon && value === null;
    return isJustName ? { name: plainName } : { name: plainName, value };
  });
}

function child(node: ClixmlNode, name: string): ClixmlNode {
  const found = propertyNode(node, name);
  if (found === undefined) throw wrong(`there is no ${name}`);
  return found;
}

function read(node: ClixmlNode, name: string): PsValue {
  const found = propertyNode(node, name);
  return found === undefined ? null : plain(readValue(found));
}

function flag(node: ClixmlNode, name: string): boolean {
  return read(node, name) === true;
}

function bits(node: ClixmlNode, name: string): number {
  const value = read(node, name);
  return typeof value === 'number' ? value : 0;
}
