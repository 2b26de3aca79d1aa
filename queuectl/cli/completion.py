"""``queuectl completion``: scripts that complete commands, options, jobs and settings in a shell."""

from typing import ClassVar

import click
from click.shell_completion import CompletionItem, ShellComplete, add_completion_class, get_completion_class

HOW = {
    "bash": 'eval "$(queuectl completion bash)"                      in ~/.bashrc',
    "zsh": 'eval "$(queuectl completion zsh)"                       in ~/.zshrc',
    "fish": "queuectl completion fish | source                       in ~/.config/fish/config.fish",
    "powershell": "queuectl completion powershell | Out-String | iex       in $PROFILE",
}


@add_completion_class
class PowerShellComplete(ShellComplete):
    """Complete in PowerShell: the words come in COMP_WORDS, one a line, the one to complete in COMP_LAST."""

    name: ClassVar[str] = "powershell"
    source_template: ClassVar[str] = """\
Register-ArgumentCompleter -Native -CommandName %(prog_name)s -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $words = $commandAst.CommandElements | Select-Object -Skip 1 | ForEach-Object { $_.ToString() }
    if ($wordToComplete -ne '') { $words = $words | Select-Object -SkipLast 1 }
    $env:COMP_WORDS = $words -join "`n"
    $env:COMP_LAST = $wordToComplete
    $env:%(complete_var)s = 'powershell_complete'
    try {
        %(prog_name)s | ForEach-Object {
            $value, $help = $_ -split "`t", 2
            if (-not $help) { $help = $value }
            [System.Management.Automation.CompletionResult]::new($value, $value, 'ParameterValue', $help)
        }
    } finally {
        Remove-Item Env:COMP_WORDS, Env:COMP_LAST, Env:%(complete_var)s -ErrorAction SilentlyContinue
    }
}
"""

    def get_completion_args(self) -> tuple[list[str], str]:
        """Return the words before the one to complete, and that one."""
        import os

        words = [word for word in os.environ.get("COMP_WORDS", "").split("\n") if word]
        return words, os.environ.get("COMP_LAST", "")

    def format_completion(self, item: CompletionItem) -> str:
        """Write one proposal on a line."""
        return f"{item.value}\t{item.help or ''}"


@click.command("completion", epilog="\b\nTo turn it on:\n" + "\n".join(f"  {text}" for text in HOW.values()))
@click.argument("shell", type=click.Choice(sorted(HOW)))
def completion(shell: str) -> None:
    """Print the script that turns completion on in a shell."""
    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"there is no completion for {shell}")
    root = click.get_current_context().find_root().command
    click.echo(kind(root, {}, "queuectl", "_QUEUECTL_COMPLETE").source())
