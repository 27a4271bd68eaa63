"""The command's root: its verbs, loaded only when asked for, and how it ends."""

import os
import sys
from collections.abc import Sequence
from importlib import import_module

import click

from costlens import __version__
from costlens.errors import CostLensError

# Verb → (module, what it does). Imported when called: `--help` has to be quick.
VERBS = {
    "init": ("costlens.cli.init", "Find your exports, write a first costlens.yaml and catalogue."),
    "import": ("costlens.cli.imports", "Write what Feast, dbt or MLflow tells to the catalogue."),
    "check": ("costlens.cli.check", "Say everything that is wrong with a workspace."),
    "refresh": ("costlens.cli.refresh", "Ingest what changed, allocate it, publish a build."),
    "builds": ("costlens.cli.builds", "List the published builds."),
    "sources": ("costlens.cli.sources", "How new, how much, and what was noted, by source."),
    "loads": ("costlens.cli.loads", "Every delivery, and what it restated."),
    "months": ("costlens.cli.months", "Which months are billed, open or closed."),
    "close": ("costlens.cli.close", "Close a month: its figures stay."),
    "vacuum": ("costlens.cli.vacuum", "Delete files that no kept build needs."),
    "statement": ("costlens.cli.statement", "Does it tie to the bill? Where all of it went."),
    "cost": ("costlens.cli.cost", "What features, models, products, pipelines … cost."),
    "coverage": ("costlens.cli.coverage", "How well each number is known, by grade of evidence."),
    "roi": ("costlens.cli.roi", "Cost against declared benefit: net and return."),
    "value": (
        "costlens.cli.value",
        "What one target costs in full and is worth, measure by measure.",
    ),
    "realisation": (
        "costlens.cli.realisation",
        "How much of what was declared came in.",
    ),
    "avoidable": ("costlens.cli.avoidable", "What is saved if some targets go, one or several."),
    "portfolio": ("costlens.cli.portfolio", "What to keep and what to stop, and why."),
    "savings": ("costlens.cli.savings", "Where money could be saved, and whom to ask."),
    "whatif": ("costlens.cli.whatif", "What it would cost if something were different."),
    "budget": ("costlens.cli.budget", "What was spent of each budget, and will be."),
    "forecast": ("costlens.cli.forecast", "What this month and quarter will have cost."),
    "alerts": ("costlens.cli.alerts", "What somebody should look at; ends with 1, for cron."),
    "sensitivity": ("costlens.cli.sensitivity", "Whether ranks hold under other rules."),
    "measure-next": ("costlens.cli.measure_next", "What to measure next, by the money it moves."),
    "explain": ("costlens.cli.explain", "Why a target costs what it does."),
    "compare": (
        "costlens.cli.compare",
        "Why two builds differ, by what caused it.",
    ),
    "trace": ("costlens.cli.trace", "Where one billing line went."),
    "runs": ("costlens.cli.runs", "Whose time was whose: runs, and what ran within them."),
    "serve": ("costlens.cli.serve", "Show the pages in a browser."),
    "password": ("costlens.cli.password", "Hash the password of one who reads them."),
    "findings": ("costlens.cli.findings", "What is wrong or missing in a build."),
    "report": ("costlens.cli.report", "Write a month down as files that tie to the bill."),
    "schedule": ("costlens.cli.schedule", "Refresh and send reports when they are due."),
    "export": ("costlens.cli.export", "Write FOCUS charges or OpenLineage costs for other tools."),
    "query": ("costlens.cli.query", "Ask a build in SQL, read only."),
    "shell": ("costlens.cli.shell", "Ask one thing after the other, with history."),
    "packs": ("costlens.cli.packs", "List the connector packs."),
    "schema": ("costlens.cli.schema", "Print the JSON Schema of the files you write."),
    "demo": ("costlens.cli.demo", "Run the sample company from bill to answer."),
}


class Verbs(click.Group):
    """A group whose verbs are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List the verbs, in the order one uses them."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a verb."""
        if cmd_name not in VERBS:
            return None
        module = VERBS[cmd_name][0]
        command = getattr(import_module(module), module.rpartition(".")[2])
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the verb that is called; of one that there is not, say which is near."""
        if args[0] not in VERBS:
            from costlens.config.notes import did_you_mean

            near = did_you_mean(args[0], VERBS)
            if near:
                ctx.fail(f"No such command '{args[0]}'. Did you mean '{near}'?")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> object:
        """Call a verb; a reader who has seen enough, such as `head`, is no error."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the verbs without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, doc) for name, (_, doc) in VERBS.items()])


@click.group(
    cls=Verbs,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Start with: costlens demo",
)
@click.version_option(__version__, prog_name="costlens")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.pass_context
def root(ctx: click.Context, debug: bool) -> None:
    """Say what every ML feature, model and product costs, tied to the bill to the last unit."""
    ctx.obj = debug
    if os.environ.get("NO_COLOR"):
        ctx.color = False


def main(words: Sequence[str] | None = None) -> None:
    """Run the command and end with 0 done, 1 could not, 2 wrong usage, 130 interrupted."""
    words = sys.argv[1:] if words is None else words
    try:
        root(list(words), prog_name="costlens", standalone_mode=False)
        code = 0
    except CostLensError as error:
        if "--debug" in words:
            raise
        for finding in error.findings:
            who = "costlens" if finding.severity == "error" else finding.severity
            click.echo(f"{who}: {finding}", err=True)
        code = 1
    except click.exceptions.Exit as ended:
        code = ended.exit_code
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        code = 130
    sys.exit(code)
