"""The command `anonymart attack`: what a reader with patience can find out from a release."""

from __future__ import annotations

from pathlib import Path

import click

from anonymart.cli.base import as_json, print_result
from anonymart.errors import AnonymartError
from anonymart.home import Home
from anonymart.policy import load_policy
from anonymart.progress import Progress

_CONTRADICTORY = (
    "{contradictory} of the known counts stand among counts that contradict each other: nothing follows from "
    "them, which is no all-clear. Leave out those that count other people than the statistics do."
)
_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command("attack")
@click.option(
    "--release", "folder", type=_FOLDER, help="Folder of the release (default: the current one of the home)."
)
@click.option(
    "--against",
    "against",
    type=_FOLDER,
    multiple=True,
    help=(
        "Another release of the same school; may be given several times (default: all that stand beside it)."
    ),
)
@click.option(
    "--unscored",
    is_flag=True,
    help="Do not look at the truth even where it is at hand: act as somebody from outside.",
)
@click.option(
    "--generated",
    is_flag=True,
    help="Also test singling out, linking and inference on a generated school; some minutes.",
)
@click.option(
    "--known",
    "known_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="CSV file of exact counts that were told elsewhere, such as a filing: what do they make inferable?",
)
@as_json
def attack_command(
    folder: Path | None,
    against: tuple[Path, ...],
    unscored: bool,
    generated: bool,
    known_file: Path | None,
    is_json: bool,
) -> None:
    """Attack a release with nothing but its files and the published rules; score it with the truth where
    that is at hand.

    \b
    The attacks:
      linear_programming  bounds of every true count, from all tables with their margins
      differences         between tables, and between this release and the others
      averaging           of the noise, over breakdowns of the same total
      dictionary          a million e-mails and learner ids, plain and hashed, against every string
      homogeneity         a sensitive value that all, or none, of a known group have
      dominance           the second largest contributor estimates the largest
      subtraction         a sensitive share of hidden people, from a whole less its shown parts
      equal_sets          the noise of known people, carried from one cell to the next
      recounting          who left meanwhile, from a base that is told twice
      quantiles           the last salary of a cell, from its quartiles and all other salaries
      corrections         who left meanwhile, from a corrected period

    Each runs on a naive release too, made up on the spot, on which it must succeed (the control): an attack
    that does not is broken, and its silence proves nothing. The interval is that of the share of successes,
    at 95 % (Clopper and Pearson).

    \b
      anonymart attack
      anonymart attack --release releases/2026-06-30.1 --against releases/2026-05-31.1 --json

    Somebody without vault, warehouse and keys may run it on a release that was handed over: it then says that
    it is unscored, and what the attacker is certain of counts as success.

    With --generated the three criteria of WP29 are tested too, on a generated school: guesses from a release
    of one half must not succeed on it more often than on the half held out (Fisher's test, Holm at 0.1 %).

    With --known the attacker also has exact counts: a column for each dimension of a mart, by its name, and
    one for each count (diploma_id, promotion_year, n_certified, n_employed_6m, …), commas or semicolons.
    Which published or hidden cells become inferable by that alone is told, without a value.

    Exit codes: 0 nothing was recovered, 1 a control failed or known counts contradict each other, 3
    something was recovered that nobody may know.
    """
    from anonymart.attack import known
    from anonymart.attack.beside import beside
    from anonymart.attack.run import attack
    from anonymart.attack.truth import truth_of
    from anonymart.attack.weekly import attack_generated, judge
    from anonymart.contracts import load_contracts

    home, policy, progress, contracts = Home.from_env(), load_policy(), Progress(), load_contracts()
    chosen = (folder or home.current).resolve()
    truth, why = truth_of(home, chosen, contracts, unscored)
    progress.say(f"Attacking {chosen.name}, {why}.")
    others = against or beside(chosen)
    report = attack(chosen, others, policy, truth, contracts, progress)
    made = attack_generated(home.prepare(), policy, progress=progress) if generated else {}
    if known_file:
        outcome, inferable = known.attack_with(known_file, (chosen, others), policy, truth, contracts)
        report.outcomes.append(outcome)
        report.seconds[known.NAME] = 0.0
        made |= {"inferable": [found._asdict() for found in inferable]}
    print_result(is_json, {**report.as_dict(), **made}, _lines)
    try:
        judge([report], made)
    except AnonymartError as error:
        if not is_json:
            raise
        # The report is the one object on standard output.
        click.echo(f"anonymart: {error}", err=True)
        raise click.exceptions.Exit(error.exit_code) from None
    if _is_contradictory(report.outcomes):
        click.echo("anonymart: The known counts contradict each other, so this is no all-clear.", err=True)
        raise click.exceptions.Exit(1)


def _is_contradictory(outcomes: list) -> bool:
    return any(each.real.details.get("contradictory") for each in outcomes)


def _lines(result: dict) -> list[str]:
    head = f"{'attack':<20}{'tried':>10}{'succeeded':>11}{'interval':>22}{'control':>14}{'seconds':>9}"
    rows = [
        f"{each['attack']:<20}{each['tried']:>10}{each['succeeded']:>11}"
        f"{'{:.6f} to {:.6f}'.format(*each['interval']):>22}"
        f"{'{succeeded} of {tried}'.format(**each['control']):>14}{result['seconds'][each['attack']]:>9.1f}"
        for each in result["attacks"]
    ]
    scored = (
        "Scored with the truth."
        if result["is_scored"]
        else "Unscored: no vault, warehouse and keys of this release are at hand."
    )
    criteria = [
        f"{each['attack']}: {each['succeeded']} of {each['tried']} on members, "
        f"{each['outsiders']['succeeded']} of "
        f"{each['outsiders']['tried']} on people not in the data, p = {each['p_value']:.2g}; on the "
        f"naive release p = {each['control']['p_value']:.2g}"
        for each in result.get("criteria", [])
    ]
    return [head, *rows, scored, *criteria, *_known_lines(result)]


def _known_lines(result: dict) -> list[str]:
    """What exact counts from elsewhere make inferable, a line for each cell."""
    if "inferable" not in result:
        return []
    told = next(each["details"] for each in result["attacks"] if each["attack"] == "known_counts")
    lines = [
        f"{told['known']} counts are known from elsewhere. {told['not_fitting']} of them contradict a "
        f"published figure and {told['not_in_release']} are of no cell of the release: these tell nothing."
    ]
    if told["contradictory"]:
        lines.append(_CONTRADICTORY.format(**told))
    elif not result["inferable"]:
        return [*lines, "They make no other count inferable."]
    return [
        *lines,
        *(
            f"{each['mart']} {each['cell']} {each['measure']}: {each['how'].replace('_', ' ')}, "
            f"{'hidden' if each['is_hidden'] else 'published'}"
            for each in result["inferable"]
        ),
    ]
