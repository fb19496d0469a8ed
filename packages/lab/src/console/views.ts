import type { View } from '@doublehop/powershell/format/view';

/** How what the commands of remoting put out is shown. */
export const REMOTING_VIEWS: readonly View[] = [
  {
    typeName: 'System.Management.Automation.Runspaces.PSSession',
    kind: 'table',
    columns: [
      { label: 'Id', align: 'right' },
      { label: 'Name' },
      { label: 'ComputerName' },
      { label: 'ComputerType' },
      { label: 'State' },
      { label: 'ConfigurationName' },
      { label: 'Availability', align: 'right' },
    ],
  },
  {
    typeName: 'System.Management.Automation.PSCredential',
    kind: 'table',
    columns: [{ label: 'UserName' }, { label: 'Password', align: 'right' }],
  },
  {
    typeName: 'Microsoft.PowerShell.Commands.PSSessionConfigurationCommands#PSSessionConfiguration',
    kind: 'list',
    columns: [
      { label: 'Name' },
      { label: 'PSVersion' },
      { label: 'StartupScript' },
      { label: 'RunAsUser' },
      { label: 'Permission' },
    ],
  },
  {
    typeName: 'System.Xml.XmlElement#IdentifyResponse',
    kind: 'list',
    columns: [
      { label: 'wsmid' },
      { label: 'ProtocolVersion' },
      { label: 'ProductVendor' },
      { label: 'ProductVersion' },
    ],
  },
];
