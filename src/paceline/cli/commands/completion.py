"""``paceline completion``: what makes a shell complete commands, options and job numbers."""

import click
from click.shell_completion import get_completion_class

from paceline.cli.face import Face, speaks

_WHERE = {
    "bash": 'eval "$(paceline completion bash)"  in ~/.bashrc',
    "zsh": 'eval "$(paceline completion zsh)"  in ~/.zshrc',
    "fish": "paceline completion fish > ~/.config/fish/completions/paceline.fish",
}


@click.command()
@click.argument("shell", type=click.Choice(list(_WHERE)))
@speaks
def completion(face: Face, shell: str) -> None:
    """Print the completion script of a shell."""
    kind = get_completion_class(shell)
    assert kind is not None, "the choices are those that click knows"
    script = kind(click.get_current_context().find_root().command, {}, "paceline", "_PACELINE_COMPLETE").source()
    face.show(lambda: {"shell": shell, "script": script}, text=lambda: script, ids=[script])
    face.hint(_WHERE[shell])
