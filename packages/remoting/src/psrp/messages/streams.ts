import type { ProgressRecord } from '@doublehop/powershell/commands/command';
import { PsObject, type PsValue, Scalar } from '@doublehop/powershell/objects/value';
import { toText } from '@doublehop/powershell/objects/text';
import { enumObject } from './enums.ts';
import { Fields, listObject, record } from './fields.ts';

/** DEBUG_RECORD, VERBOSE_RECORD and WARNING_RECORD (MS-PSRP 2.2.3.16). */
export function informationalObject(message: string): PsObject {
  const object = record({
    InformationalRecord_Message: message,
    InformationalRecord_SerializeInvocationInfo: false,
  });
  object.text = message;
  return object;
}

/** Throws RemotingError `psrp`. */
export function informationalFrom(value: PsValue): string {
  return new Fields(value).optionalText('InformationalRecord_Message') ?? '';
}

/** PROGRESS_RECORD (MS-PSRP 2.2.5.1.25). */
export function progressObject(progress: ProgressRecord): PsObject {
  const type = 'System.Management.Automation.ProgressRecordType';
  return record({
    Activity: progress.activity,
    ActivityId: progress.activityId,
    StatusDescription: progress.statusDescription,
    CurrentOperation: progress.currentOperation ?? null,
    ParentActivityId: progress.parentActivityId ?? -1,
    PercentComplete: progress.percentComplete,
    Type: progress.completed ? enumObject(type, 'Completed', 1) : enumObject(type, 'Processing', 0),
    SecondsRemaining: progress.secondsRemaining,
  });
}

/** Throws RemotingError `psrp`. */
export function progressFrom(value: PsValue): ProgressRecord {
  const fields = new Fields(value);
  const parentActivityId = fields.optionalInt('ParentActivityId') ?? -1;
  const currentOperation = fields.optionalText('CurrentOperation');
  return {
    activity: fields.optionalText('Activity') ?? '',
    activityId: fields.optionalInt('ActivityId') ?? 0,
    statusDescription: fields.optionalText('StatusDescription') ?? '',
    percentComplete: fields.optionalInt('PercentComplete') ?? -1,
    secondsRemaining: fields.optionalInt('SecondsRemaining') ?? -1,
    completed: fields.optionalInt('Type') === 1,
    ...(parentActivityId < 0 ? {} : { parentActivityId }),
    ...(currentOperation === undefined ? {} : { currentOperation }),
  };
}

/** INFORMATION_RECORD (MS-PSRP 2.2.2.26): what Write-Information and Write-Host say. */
export interface InformationRecord {
  readonly message: PsValue;
  readonly tags: readonly string[];
  /** Command or script that it comes from. */
  readonly source?: string;
  /** ISO 8601. */
  readonly time?: string;
  readonly user?: string;
  readonly computer?: string;
  readonly processId?: number;
}

export function informationObject(info: InformationRecord): PsObject {
  const text = (value: string | undefined): PsValue => value ?? null;
  const object = record({
    MessageData: info.message,
    Source: text(info.source),
    TimeGenerated: info.time === undefined ? null : new Scalar('DateTime', info.time),
    Tags: listObject(info.tags),
    User: text(info.user),
    Computer: text(info.computer),
    ProcessId: new Scalar('UInt32', info.processId ?? 0),
    NativeThreadId: new Scalar('UInt32', 0),
    ManagedThreadId: new Scalar('UInt32', 0),
  });
  object.typeNames = ['System.Management.Automation.InformationRecord', 'System.Object'];
  object.text = toText(info.message);
  return object;
}

/** Throws RemotingError `psrp`. */
export function informationFrom(value: PsValue): InformationRecord {
  const fields = new Fields(value);
  const time = fields.value('TimeGenerated');
  const id = fields.value('ProcessId');
  const source = fields.optionalText('Source');
  const user = fields.optionalText('User');
  const computer = fields.optionalText('Computer');
  return {
    message: fields.value('MessageData'),
    tags: fields.has('Tags') ? fields.list('Tags').map(toText) : [],
    ...(source === undefined ? {} : { source }),
    ...(time instanceof Scalar ? { time: String(time.value) } : {}),
    ...(user === undefined ? {} : { user }),
    ...(computer === undefined ? {} : { computer }),
    ...(id instanceof Scalar ? { processId: Number(id.value) } : {}),
  };
}
