"""``queuectl completion``: scripts that complete commands, options, jobs and settings in a shell."""

import click


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "fish", "powershell", "zsh"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the script that turns completion on in a shell.

    \b
    To turn it on, put one of these lines ...
      eval "$(queuectl completion bash)"                       into ~/.bashrc
      eval "$(queuectl completion zsh)"                        into ~/.zshrc, after compinit
      queuectl completion fish | source                        into ~/.config/fish/config.fish
      queuectl completion powershell | Out-String | iex        into $PROFILE
    """
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"there is no completion for {shell}")
    click.echo(kind(ctx.find_root().command, {}, "queuectl", "_QUEUECTL_COMPLETE").source())
