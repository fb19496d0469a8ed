import {
  categoryText,
  ErrorCategory,
  type ErrorRecord,
} from '@doublehop/powershell/commands/error-record';
import { toText, typeNameOf } from '@doublehop/powershell/objects/text';
import { PsObject, type PsValue } from '@doublehop/powershell/objects/value';
import { nameOf } from './enums.ts';
import { Fields, record } from './fields.ts';

const TYPE_NAMES = ['System.Management.Automation.ErrorRecord', 'System.Object'];

/** An error as ERROR_RECORD has it (MS-PSRP 2.2.3.15). */
export function errorRecordObject(error: ErrorRecord): PsObject {
  const { message, errorId, category, target, exceptionType = 'System.Exception' } = error;
  const object = record({
    Exception: exceptionObject(exceptionType, message, error.inner ?? []),
    // An object would be sent as its text, for it is deeper than remoting goes.
    TargetObject: target instanceof PsObject ? toText(target) : target,
    FullyQualifiedErrorId: errorId,
    InvocationInfo: null,
    ErrorCategory_Category: ErrorCategory[category],
    ErrorCategory_Activity: error.activity ?? '',
    ErrorCategory_Reason: exceptionType.split('.').at(-1) ?? '',
    ErrorCategory_TargetName: toText(target),
    ErrorCategory_TargetType: typeNameOf(target),
    ErrorCategory_Message: categoryText(error, category),
    SerializeExtendedInfo: false,
  });
  object.typeNames = TYPE_NAMES;
  object.text = message;
  return object;
}

/** The other way. Throws RemotingError `psrp`. */
export function errorRecordFrom(value: PsValue): ErrorRecord {
  const fields = new Fields(value);
  const exception = fields.value('Exception');
  const said = fields.optionalText('ErrorDetails_Message') ?? messageOf(exception) ?? '';
  const activity = fields.optionalText('ErrorCategory_Activity') ?? '';
  return {
    message: said === '' ? toText(value) : said,
    errorId: fields.optionalText('FullyQualifiedErrorId') ?? '',
    category: nameOf(ErrorCategory, fields.int('ErrorCategory_Category')) ?? 'NotSpecified',
    target: fields.value('TargetObject'),
    exceptionType: typeOf(exception),
    ...(activity === '' ? {} : { activity }),
    ...innerOf(exception),
  };
}

function exceptionObject(type: string, message: string, inner: readonly string[]): PsObject {
  const [next, ...rest] = inner;
  return new PsObject({
    typeNames: [
      type,
      ...(type === 'System.Exception' ? [] : ['System.Exception']),
      'System.Object',
    ],
    text: `${type}: ${message}`,
    adapted: {
      Message: message,
      InnerException: next === undefined ? null : exceptionObject('System.Exception', next, rest),
    },
  });
}

function messageOf(exception: PsValue): string | undefined {
  if (!(exception instanceof PsObject)) return undefined;
  const message = exception.get('Message');
  return typeof message === 'string' ? message : undefined;
}

function typeOf(exception: PsValue): string {
  const [type = 'System.Exception'] = exception instanceof PsObject ? exception.typeNames : [];
  return type.replace(/^Deserialized\./u, '');
}

function innerOf(exception: PsValue): { inner?: readonly string[] } {
  const inner: string[] = [];
  let next = exception instanceof PsObject ? exception.get('InnerException') : undefined;
  while (next instanceof PsObject) {
    inner.push(messageOf(next) ?? '');
    next = next.get('InnerException');
  }
  return inner.length === 0 ? {} : { inner };
}
