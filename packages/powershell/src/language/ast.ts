import type { PsValue } from '../objects/value.ts';
import type { Source } from './source.ts';

/** Part of a source's text: offsets, the end not included. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A whole text, read. */
export interface Script extends Span {
  readonly source: Source;
  readonly body: Block;
}

/** Statements between braces, or of a whole text. */
export interface Block extends Span {
  readonly statements: readonly Statement[];
  /** `param(…)` at the beginning of a script or a script block. */
  readonly parameters?: readonly BlockParameter[];
}

/** `[type]$name = value` of a `param(…)`. */
export interface BlockParameter extends Span {
  readonly name: string;
  readonly type?: TypeName;
  /** Its value when it is not given. */
  readonly initial?: Expression;
}

export type Statement =
  | PipelineStatement
  | Assignment
  | IfStatement
  | ForEachStatement
  | WhileStatement
  | ForStatement
  | TryStatement
  | FlowStatement;

export interface PipelineStatement extends Span {
  readonly kind: 'pipeline';
  readonly elements: readonly PipelineElement[];
  /** `>$null`: what the last element puts out is dropped. */
  readonly dropsOutput: boolean;
  /** `2>$null`: errors are dropped. */
  readonly dropsErrors: boolean;
}

export type PipelineElement = CommandElement | ExpressionElement;

/** An expression at the head of a pipeline. */
export interface ExpressionElement extends Span {
  readonly kind: 'expression';
  readonly expression: Expression;
}

export interface CommandElement extends Span {
  readonly kind: 'command';
  readonly name: string;
  readonly args: readonly Argument[];
  /** `2>&1`. */
  readonly mergesErrors: boolean;
}

/** `-Name`, `-Name:value`, or a value alone (without name). */
export interface Argument extends Span {
  readonly name?: string;
  readonly value?: Expression;
}

/** What can stand on the left of `=`. */
export type Target = VariableExpression | MemberExpression | IndexExpression;

export type AssignmentOperator = '=' | '+=' | '-=' | '*=' | '/=' | '%=';

export interface Assignment extends Span {
  readonly kind: 'assignment';
  readonly target: Target;
  readonly operator: AssignmentOperator;
  readonly value: Statement;
}

export interface IfStatement extends Span {
  readonly kind: 'if';
  readonly clauses: readonly { readonly condition: Statement; readonly body: Block }[];
  readonly otherwise?: Block;
}

export interface ForEachStatement extends Span {
  readonly kind: 'foreach';
  readonly variable: VariableExpression;
  readonly items: Statement;
  readonly body: Block;
}

export interface WhileStatement extends Span {
  readonly kind: 'while';
  readonly condition: Statement;
  readonly body: Block;
}

export interface ForStatement extends Span {
  readonly kind: 'for';
  readonly first?: Statement;
  readonly condition?: Statement;
  readonly step?: Statement;
  readonly body: Block;
}

/** about_Try_Catch_Finally. */
export interface TryStatement extends Span {
  readonly kind: 'try';
  readonly body: Block;
  readonly catches: readonly CatchClause[];
  /** `finally`. */
  readonly last?: Block;
}

export interface CatchClause {
  /** .NET names of exceptions, as they are written; none: every error. */
  readonly types: readonly string[];
  readonly body: Block;
}

export interface FlowStatement extends Span {
  readonly kind: 'throw' | 'exit' | 'return' | 'break' | 'continue';
  readonly value?: Statement;
}

export type Expression =
  | LiteralExpression
  | ExpandableExpression
  | VariableExpression
  | ArrayLiteral
  | ArrayExpression
  | SubExpression
  | ParenExpression
  | HashtableExpression
  | BlockExpression
  | UnaryExpression
  | StepExpression
  | BinaryExpression
  | CastExpression
  | TypeExpression
  | MemberExpression
  | IndexExpression
  | MethodExpression;

/** A string without anything to expand, or a number. */
export interface LiteralExpression extends Span {
  readonly kind: 'literal';
  readonly value: PsValue;
  /** Written without quotes, as an argument. */
  readonly isBare: boolean;
}

/** A double-quoted string or a bare argument with variables or `$(…)` in it. */
export interface ExpandableExpression extends Span {
  readonly kind: 'expandable';
  readonly parts: readonly (string | Expression)[];
}

export type VariableScope = 'env' | 'using' | 'global' | 'script' | 'local';

export interface VariableExpression extends Span {
  readonly kind: 'variable';
  readonly scope?: VariableScope;
  readonly name: string;
}

/** `1, 2`. */
export interface ArrayLiteral extends Span {
  readonly kind: 'array-literal';
  readonly items: readonly Expression[];
}

/** `@( … )`. */
export interface ArrayExpression extends Span {
  readonly kind: 'array';
  readonly body: Block;
}

/** `$( … )`. */
export interface SubExpression extends Span {
  readonly kind: 'sub';
  readonly body: Block;
}

/** `( … )`. */
export interface ParenExpression extends Span {
  readonly kind: 'paren';
  readonly statement: Statement;
}

/** `@{ … }`. */
export interface HashtableExpression extends Span {
  readonly kind: 'hashtable';
  readonly entries: readonly { readonly key: Expression; readonly value: Statement }[];
}

/** `{ … }`: `text` is what stands between the braces. */
export interface BlockExpression extends Span {
  readonly kind: 'block';
  readonly body: Block;
  readonly text: string;
}

export interface UnaryExpression extends Span {
  readonly kind: 'unary';
  readonly operator: 'not' | 'minus' | 'plus' | 'comma' | 'join' | 'split';
  readonly operand: Expression;
}

/** `$i++` and its kin. */
export interface StepExpression extends Span {
  readonly kind: 'step';
  readonly target: Target;
  readonly by: 1 | -1;
  /** `++$i`: the value is the one after the step. */
  readonly isPrefix: boolean;
}

/** An operator by its plain name: `ceq` is `eq` with `matchCase`. */
export interface BinaryOperator {
  readonly name: OperatorName;
  readonly matchCase: boolean;
}

export type OperatorName =
  | 'and'
  | 'or'
  | 'xor'
  | 'eq'
  | 'ne'
  | 'gt'
  | 'ge'
  | 'lt'
  | 'le'
  | 'like'
  | 'notlike'
  | 'match'
  | 'notmatch'
  | 'replace'
  | 'split'
  | 'join'
  | 'contains'
  | 'notcontains'
  | 'in'
  | 'notin'
  | 'is'
  | 'isnot'
  | 'as'
  | '+'
  | '-'
  | '*'
  | '/'
  | '%'
  | 'f'
  | '..';

/** Operators of one precedence, from left to right: a long chain is no deep tree. */
export interface BinaryExpression extends Span {
  readonly kind: 'binary';
  readonly first: Expression;
  readonly rest: readonly (Span & {
    readonly operator: BinaryOperator;
    readonly right: Expression;
  })[];
}

export interface TypeName {
  readonly name: CastType;
  /** `[string[]]`. */
  readonly isArray: boolean;
}

export type CastType =
  | 'string'
  | 'char'
  | 'int'
  | 'long'
  | 'double'
  | 'bool'
  | 'switch'
  | 'datetime'
  | 'timespan'
  | 'guid'
  | 'version'
  | 'array'
  | 'object'
  | 'hashtable'
  | 'ordered'
  | 'pscustomobject'
  | 'void';

export interface CastExpression extends Span {
  readonly kind: 'cast';
  readonly type: TypeName;
  readonly operand: Expression;
}

/** A type's name on the right of `-is` and `-as`. */
export interface TypeExpression extends Span {
  readonly kind: 'type';
  readonly type: TypeName;
}

export interface MemberExpression extends Span {
  readonly kind: 'member';
  readonly target: Expression;
  readonly name: Expression;
}

export interface IndexExpression extends Span {
  readonly kind: 'index';
  readonly target: Expression;
  readonly index: Expression;
}

export interface MethodExpression extends Span {
  readonly kind: 'method';
  readonly target: Expression;
  /** In lower case; one of those that the subset has. */
  readonly name: string;
  readonly args: readonly Expression[];
}
