import { type Command, failure } from '@doublehop/powershell/commands/command';
import { asList, isTrue } from '@doublehop/powershell/objects/convert';
import { toText } from '@doublehop/powershell/objects/text';
import { customObject, PsObject } from '@doublehop/powershell/objects/value';
import { isConnectionError } from './connection-error.ts';
import type { RemotingRun, RemotingState } from './remoting-state.ts';
import { credentialObject, personOf } from './target.ts';

/** Modules that are there without being imported. */
const MODULES: readonly string[] = [
  'ActiveDirectory',
  'Microsoft.PowerShell.Core',
  'Microsoft.PowerShell.Utility',
  'Microsoft.PowerShell.Management',
  'Microsoft.WSMan.Management',
  'CimCmdlets',
];

export const TEST_WSMAN: Command<RemotingState> = {
  name: 'Test-WSMan',
  synopsis: 'Tests whether the WinRM service is running on a local or remote computer.',
  module: 'Microsoft.WSMan.Management',
  parameters: [
    { name: 'ComputerName', type: 'string', position: 0, aliases: ['Cn'] },
    { name: 'UseSSL', type: 'switch' },
    { name: 'Port', type: 'int' },
  ],
  run: testWsMan,
};

/** Get-Credential, Import-Module, Add-WindowsFeature and Test-WSMan. */
export const PERSON_COMMANDS: readonly Command<RemotingState>[] = [
  {
    name: 'Get-Credential',
    synopsis: 'Gets a credential object based on a user name and password.',
    module: 'Microsoft.PowerShell.Security',
    outputTypes: ['System.Management.Automation.PSCredential'],
    parameters: [
      { name: 'Credential', type: 'object', position: 0, mandatory: true, aliases: ['UserName'] },
      { name: 'Message', type: 'string' },
    ],
    run: async ({ bound, session, streams }) => {
      const person = await personOf(bound['Credential'] ?? null, session.askPassword);
      await streams.output(credentialObject(person));
    },
  },
  {
    name: 'Import-Module',
    synopsis: 'Adds modules to the current session; those of this console are there already.',
    module: 'Microsoft.PowerShell.Core',
    parameters: [
      { name: 'Name', type: 'string', many: true, position: 0, mandatory: true },
      { name: 'Force', type: 'switch' },
      { name: 'PassThru', type: 'switch' },
    ],
    run: importModules,
  },
  windowsFeature('Add-WindowsFeature'),
  windowsFeature('Install-WindowsFeature'),
  TEST_WSMAN,
];

async function importModules({ bound, streams }: RemotingRun): Promise<void> {
  for (const name of asList(bound['Name'] ?? null).map(toText)) {
    if (MODULES.some((one) => one.toLowerCase() === name.toLowerCase())) continue;
    const { record } = failure(
      `The specified module '${name}' was not loaded because no valid module file was found ` +
        'in any module directory.',
      'Modules_ModuleNotFound,Microsoft.PowerShell.Commands.ImportModuleCommand',
      'ResourceUnavailable',
      name,
    );
    await streams.error({ ...record, activity: 'Import-Module' });
  }
}

/** What is installed stays so: `RSAT-AD-PowerShell` is part of this console. */
function windowsFeature(name: string): Command<RemotingState> {
  return {
    name,
    synopsis: 'Installs roles and features; those that this console has are installed.',
    module: 'ServerManager',
    parameters: [
      { name: 'Name', type: 'string', many: true, position: 0, mandatory: true },
      { name: 'IncludeAllSubFeature', type: 'switch' },
      { name: 'IncludeManagementTools', type: 'switch' },
    ],
    run: async ({ bound, streams }) => {
      for (const feature of asList(bound['Name'] ?? null).map(toText)) {
        if (feature.toLowerCase() === 'rsat-ad-powershell') {
          await streams.output(
            customObject({
              Success: true,
              'Restart Needed': 'No',
              'Exit Code': 'NoChangeNeeded',
              'Feature Result': '{}',
            }),
          );
          continue;
        }
        const message = `${name}: the lab has no feature '${feature}'.`;
        await streams.error(
          failure(message, 'NameDoesNotExist', 'InvalidArgument', feature).record,
        );
      }
    },
  };
}

async function testWsMan({ bound, session, streams }: RemotingRun): Promise<void> {
  const computer = toText(bound['ComputerName'] ?? session.computer);
  const { Port: port } = bound;
  try {
    const found = await session.identify(computer, {
      useSsl: isTrue(bound['UseSSL'] ?? false),
      ...(typeof port === 'number' && { port }),
    });
    await streams.output(
      new PsObject({
        typeNames: ['System.Xml.XmlElement#IdentifyResponse', 'System.Object'],
        properties: {
          wsmid: 'http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd',
          ProtocolVersion: found.protocolVersion,
          ProductVendor: found.productVendor,
          ProductVersion: found.productVersion,
        },
      }),
    );
  } catch (error) {
    if (!isConnectionError(error)) throw error;
    const why = error instanceof Error ? error.message : String(error);
    const { record } = failure(
      `The client cannot connect to the destination specified in the request: ${why}`,
      'WsManError,Microsoft.WSMan.Management.TestWSManCommand',
      'InvalidOperation',
      computer,
    );
    await streams.error({ ...record, activity: 'Test-WSMan' });
  }
}
