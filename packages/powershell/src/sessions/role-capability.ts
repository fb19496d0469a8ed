import { CommandFailure } from '../commands/command.ts';
import { type DataNode, fail, parseDataFile } from '../language/data-file.ts';
import { compilePattern } from '../language/pattern.ts';
import { toText } from '../objects/text.ts';
import { TableReader } from './table-reader.ts';

/** A command that a role makes visible. */
export interface VisibleCommand {
  /** May have wildcards, and a module before it (`DnsServer\Get-*`). */
  readonly name: string;
  /** Without: all its parameters. */
  readonly parameters?: readonly VisibleParameter[];
}

export interface VisibleParameter {
  readonly name: string;
  readonly validateSet?: readonly string[];
  /** A regular expression, without case. */
  readonly validatePattern?: string;
}

/** A function that a role or session defines. */
export interface FunctionDefinition {
  readonly name: string;
  /** Its statements, of the language's subset. */
  readonly text: string;
  readonly line: number;
}

export interface AliasDefinition {
  readonly name: string;
  readonly value: string;
}

/** What a role may see and use (about_Role_Capabilities). */
export interface RoleCapability {
  readonly description?: string;
  readonly modulesToImport: readonly string[];
  readonly cmdlets: readonly VisibleCommand[];
  readonly functions: readonly VisibleCommand[];
  readonly aliases: readonly string[];
  /** Full paths, or wildcards. */
  readonly externalCommands: readonly string[];
  readonly providers: readonly string[];
  readonly aliasDefinitions: readonly AliasDefinition[];
  readonly functionDefinitions: readonly FunctionDefinition[];
}

/** Keys that session configurations and role capabilities have in common. */
export const COMMON_KEYS = {
  read: [
    'GUID',
    'Author',
    'Description',
    'CompanyName',
    'Copyright',
    'ModulesToImport',
    'VisibleAliases',
    'VisibleCmdlets',
    'VisibleFunctions',
    'VisibleExternalCommands',
    'VisibleProviders',
    'AliasDefinitions',
    'FunctionDefinitions',
  ],
  refused: [
    'ScriptsToProcess',
    'VariableDefinitions',
    'EnvironmentVariables',
    'TypesToProcess',
    'FormatsToProcess',
    'AssembliesToLoad',
  ],
} as const;

/** Reads a `.psrc` file. Throws PowerShellError, with the line, for what it cannot mean. */
export function readRoleCapability(text: string, file: string): RoleCapability {
  const { source, table } = parseDataFile(text, file);
  return capabilityOf(new TableReader(source, table, COMMON_KEYS));
}

/** What a file of either kind makes visible. */
export function capabilityOf(reader: TableReader): RoleCapability {
  const description = reader.text('Description');
  return {
    ...(description !== undefined && { description }),
    modulesToImport: reader.nodes('ModulesToImport').map((node) => moduleName(reader, node)),
    cmdlets: visibleCommands(reader, 'VisibleCmdlets'),
    functions: visibleCommands(reader, 'VisibleFunctions'),
    aliases: reader.texts('VisibleAliases'),
    externalCommands: reader.texts('VisibleExternalCommands'),
    providers: reader.texts('VisibleProviders'),
    aliasDefinitions: reader.nodes('AliasDefinitions').map((node) => alias(reader, node)),
    functionDefinitions: reader
      .nodes('FunctionDefinitions')
      .map((node) => functionDefinition(reader, node)),
  };
}

function visibleCommands(reader: TableReader, key: string): VisibleCommand[] {
  return reader.nodes(key).map((node) => {
    if (node.kind === 'text') return { name: node.value };
    const command = inner(reader, node, key, ['Name', 'Parameters']);
    const name = command.needed('Name');
    const parameters = command.nodes('Parameters').map((one) => visibleParameter(reader, one));
    return parameters.length === 0 ? { name } : { name, parameters };
  });
}

function visibleParameter(reader: TableReader, node: DataNode): VisibleParameter {
  const parameter = inner(reader, node, 'Parameters', ['Name', 'ValidateSet', 'ValidatePattern']);
  const name = parameter.needed('Name');
  const validateSet = parameter.nodes('ValidateSet').map((one) => {
    if (one.kind === 'text') return one.value;
    if (one.kind === 'number' || one.kind === 'truth') return toText(one.value);
    return fail(reader.source, one.at, 'ValidateSet should be texts');
  });
  const validatePattern = parameter.text('ValidatePattern');
  if (validatePattern !== undefined) {
    checkPattern(reader, parameter.node('ValidatePattern')?.at ?? node.at, validatePattern);
  }
  return {
    name,
    ...(validateSet.length > 0 && { validateSet }),
    ...(validatePattern !== undefined && { validatePattern }),
  };
}

function checkPattern(reader: TableReader, at: number, pattern: string): void {
  try {
    compilePattern(pattern);
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    fail(reader.source, at, error.message);
  }
}

/** A module by its name, or by a table that names it; versions are not looked at. */
function moduleName(reader: TableReader, node: DataNode): string {
  if (node.kind === 'text') return node.value;
  const keys = ['ModuleName', 'ModuleVersion', 'RequiredVersion', 'MaximumVersion', 'GUID'];
  return inner(reader, node, 'ModulesToImport', keys).needed('ModuleName');
}

function alias(reader: TableReader, node: DataNode): AliasDefinition {
  const keys = ['Name', 'Value', 'Description', 'Options'];
  const table = inner(reader, node, 'AliasDefinitions', keys);
  return { name: table.needed('Name'), value: table.needed('Value') };
}

function functionDefinition(reader: TableReader, node: DataNode): FunctionDefinition {
  const table = inner(reader, node, 'FunctionDefinitions', ['Name', 'ScriptBlock', 'Options']);
  const block = table.node('ScriptBlock');
  if (block?.kind !== 'block') {
    fail(reader.source, block?.at ?? node.at, 'ScriptBlock should be a script block');
  }
  const { line } = reader.source.positionAt(block.at);
  return { name: table.needed('Name'), text: block.text, line };
}

function inner(
  reader: TableReader,
  node: DataNode,
  key: string,
  read: readonly string[],
): TableReader {
  if (node.kind === 'table') return new TableReader(reader.source, node, { read });
  return fail(reader.source, node.at, `${key} should be texts or hashtables`);
}
