import { Argument, Command } from 'commander';
import { bashCompletion } from '../completion/bash.ts';
import { fishCompletion } from '../completion/fish.ts';
import { powershellCompletion } from '../completion/powershell.ts';
import { type CompletionNode, completionTree } from '../completion/tree.ts';
import { zshCompletion } from '../completion/zsh.ts';
import type { Context } from '../context.ts';

const SHELLS = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
  powershell: powershellCompletion,
} satisfies Record<string, (root: CompletionNode) => string>;

/** `doublehop completion`: what a shell needs to complete commands, options and their values. */
export function command(context: Context): Command {
  return new Command('completion')
    .description(
      'Print a script that lets a shell complete commands, options, files and words. The script ' +
        'has everything in it: no program is started while you type.',
    )
    .addArgument(
      new Argument('<shell>', 'bash, zsh, fish or powershell').choices(Object.keys(SHELLS)),
    )
    .addHelpText('after', EXAMPLES)
    .action(async (shell: keyof typeof SHELLS) => {
      context.out(SHELLS[shell](await completionTree(context)));
    });
}

const EXAMPLES = `
Examples:
  $ doublehop completion bash > \\
      ~/.local/share/bash-completion/completions/doublehop
  $ doublehop completion zsh > ~/.zfunc/_doublehop
  $ doublehop completion fish > ~/.config/fish/completions/doublehop.fish
  > doublehop completion powershell | Out-String | Invoke-Expression`;
